/** Reads SHOW CREATE USER CURRENT_USER(). Its text may have the hash of the password: that is not kept. */

export interface LoginAccount {
  /** Absent: the product's default is not named. */
  readonly plugin?: string;
  /** The password expires so many days after its last change; `default`: default_password_lifetime says it. */
  readonly expires: number | 'default' | 'never';
}

export function readLoginAccount(text: string): LoginAccount {
  const [, plugin] = /\bIDENTIFIED (?:WITH|VIA) [`'"]?(\w{1,64})/.exec(text) ?? [];
  const [, interval] = /\bPASSWORD EXPIRE INTERVAL (\d{1,5}) DAY\b/.exec(text) ?? [];
  return {
    ...(plugin !== undefined && { plugin }),
    expires:
      interval !== undefined
        ? Number(interval)
        : /\bPASSWORD EXPIRE DEFAULT\b/.test(text)
          ? 'default'
          : 'never',
  };
}
