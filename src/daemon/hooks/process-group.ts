/** Process groups of programs that we started. Each program leads a group of its own. */

/** `forbidden`: it belongs to another user (sudo). `gone`: no process is left in it. */
type Signalled = 'sent' | 'gone' | 'forbidden';

/** Signals every process of the group; 0 only asks whether there is one (kill(2)). */
export function signalGroup(leader: number, signal: NodeJS.Signals | 0): Signalled {
  try {
    process.kill(-leader, signal);
    return 'sent';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EPERM') return 'forbidden';
    if (code === 'ESRCH') return 'gone';
    throw error;
  }
}

/** The groups that must not outlive us. */
export interface Groups {
  add(leader: number): void;
  delete(leader: number): void;
}

/** Where the process ends at once (a second SIGTERM, a bug), these groups are killed. */
export function createGroups(): Groups {
  const leaders = new Set<number>();
  const onExit = (): void => {
    for (const leader of leaders) signalGroup(leader, 'SIGKILL');
  };
  return {
    add(leader) {
      if (leaders.size === 0) process.on('exit', onExit);
      leaders.add(leader);
    },
    delete(leader) {
      leaders.delete(leader);
      if (leaders.size === 0) process.off('exit', onExit);
    },
  };
}
