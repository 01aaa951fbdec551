#!/usr/bin/perl
# Runs MHA's own code that calls its scripts, with fixtures in place of servers:
# perl mha-calls.pl FOLDER-OF-MHA LOG FAILOVER-SCRIPT ONLINE-SCRIPT
use strict;
use warnings;

my ($mha, $log_file, $failover_script, $online_script) = @ARGV;

# MHA needs these modules for its servers and its log, and neither exists here.
BEGIN {
  $INC{"$_.pm"} = 'none'
    for qw(DBI Config/Tiny Log/Dispatch Log/Dispatch/File Log/Dispatch/Screen Parallel/ForkManager Pod/Usage);
}

package Quiet;    # a log, a server manager, a file of states: they answer everything
our $AUTOLOAD;
sub new { return bless {}, shift }
sub is_gtid_auto_pos_enabled { return 1 }
sub AUTOLOAD { return 1 }

package Log::Dispatch;
sub new { return Quiet->new }
sub Log::Dispatch::Screen::new { return Quiet->new }

package Fixture;    # a server
our @ISA = ('MHA::Server');
sub AUTOLOAD { return 1 }
sub get_hostinfo { return $_[0]->{hostname} }
sub lock_all_tables { return 0 }
sub disable_read_only { return 0 }
sub reconnect { return 1 }
sub disconnect { return 1 }
sub release_monitor_advisory_lock { return 1 }
sub get_binlog_position { return ( 'binlog.000001', 4 ) }
sub DESTROY { }

package main;

# The file's own variables are made visible; all else stays as it is.
sub load {
  my ($module) = @_;
  open my $in, '<', "$mha/MHA/$module.pm" or die "$module: $!";
  local $/;
  my $text = <$in>;
  $text =~ s/^my (\$_?\w+)/our $1/gm;
  $text =~ s/^use (?:Pod::Usage|Log::Dispatch\S*|Parallel::ForkManager|DBI|Config::Tiny)\b.*$//gm;
  eval "$text\n1" or die "$module: $@";
  $INC{"MHA/$module.pm"} = 'here';
}
unshift @INC, sub {
  my ( undef, $file ) = @_;
  return if $file !~ m{^MHA/(\w+)\.pm$};
  load($1);
  my $true = "1;";
  open my $done, '<', \$true;
  return $done;
};
load($_) for qw(NodeConst NodeUtil ManagerConst ManagerUtil Server MasterMonitor MasterFailover MasterRotate);

my $password = q{ti$ger in the "tank" it's};
sub server {
  my ( $name, $ip ) = @_;
  my $server = bless {
    hostname => $name, ip => $ip, port => 3306, ssh_host => $name, ssh_ip => $ip, ssh_port => 22,
    ssh_user => 'root', user => 'mha', password => $password,
    escaped_user => MHA::NodeUtil::escape_for_shell('mha'),
    escaped_password => MHA::NodeUtil::escape_for_shell($password),
    master_ip_failover_script => $failover_script,
    master_ip_online_change_script => $online_script,
  }, 'Fixture';
  return $server;
}

{
  no warnings;
  for my $module (qw(MasterMonitor MasterFailover MasterRotate)) {
    no strict 'refs';
    ${"MHA::${module}::log"} = Quiet->new;
    ${"MHA::${module}::_server_manager"} = Quiet->new;
    ${"MHA::${module}::_status_handler"} = Quiet->new;
    ${"MHA::${module}::g_logfile"} = $log_file;
  }
  *MHA::MasterFailover::recover_master_gtid_internal = sub { return ( 'binlog.000001', 4, 'none' ) };
  *MHA::MasterRotate::switch_master_internal = sub { return ( 'binlog.000001', 4 ) };
}

my ( $old, $new ) = ( server( 'db1.example.com', '192.0.2.1' ), server( 'db2.example.com', '192.0.2.2' ) );
my @phases = (
  [ 'status', sub { MHA::MasterMonitor::check_scripts($old) } ],
  [ 'stopssh', sub { $MHA::MasterFailover::_real_ssh_reachable = 1; MHA::MasterFailover::force_shutdown_internal($old) } ],
  [ 'stop', sub { $MHA::MasterFailover::_real_ssh_reachable = 0; MHA::MasterFailover::force_shutdown_internal($old) } ],
  [ 'start', sub { MHA::MasterFailover::recover_master( $old, $new, $new, undef ) } ],
  [ 'online stop', sub { MHA::MasterRotate::reject_update( $old, $new ) } ],
  [ 'online start', sub { MHA::MasterRotate::switch_master( $old, $new, 'binlog.000001', 4 ) } ],
);
for my $phase (@phases) {
  my ( $name, $run ) = @$phase;
  print "$name: ", ( eval { $run->(); 1 } ? 'goes on' : 'ends here' ), "\n";
  print STDERR $@ if $@ && $ENV{SHOW};
}
