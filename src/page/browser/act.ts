/** Freeze, thaw and follow: first the plan of what would change, then a person's word, then the act. */

type Act = 'freeze' | 'thaw' | 'follow';

interface Plan {
  readonly zone: string;
  readonly changes: readonly {
    readonly kind: string;
    readonly name?: string;
    readonly type?: string;
    readonly rrset?: {
      readonly name: string;
      readonly type: string;
      readonly ttlSeconds: number;
      readonly rdata: readonly unknown[];
    };
  }[];
}

interface Result {
  readonly nameserver: string;
  readonly kind: string;
  readonly code: string;
  readonly sentence: string;
  readonly hint?: string;
  readonly plan?: Plan;
}

/** What the API says: results, or a problem. */
interface Said {
  readonly results?: readonly Result[];
  readonly title?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly code?: string;
}

/** The answer, or why there is none. */
type Outcome =
  | { readonly kind: 'answer'; readonly results: readonly Result[] }
  | { readonly kind: 'refused'; readonly sentence: string; readonly results: readonly Result[] };

const patienceMs = 30_000;
const root = document.body.dataset['root'] ?? './';
const titles: Readonly<Record<Act, string>> = {
  freeze: 'Freeze the name',
  thaw: 'Thaw the name',
  follow: 'Let the name follow a server',
};
const meanings: Readonly<Record<Act, string>> = {
  freeze: 'No instance moves the name until it is thawed, also if the source dies.',
  thaw: 'The instances move the name again when the source changes.',
  follow: 'The name leads to this server from now on, if the server is a writable server of the cluster.',
};

const tokenPlace = 'the text of http.token_file';
const tokenHint = `it is ${tokenPlace} in the configuration of source-dns`;
/** Without an answer. A plan changes nothing in any case. */
const unsure = 'look at the page: it shows what is so now';
/** The results of a plan are said as if it were done. */
const notYet = 'Nothing is changed yet. This would be the result:';

/** Kept until the page is left, and nowhere else. */
let token = '';

export function offerActions(refresh: () => void): void {
  const reveal = (): void => {
    for (const buttons of document.querySelectorAll<HTMLElement>('.buttons[hidden]')) buttons.hidden = false;
  };
  reveal();
  document.addEventListener('replaced', reveal);
  document.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest<HTMLElement>('[data-act]') : null;
    const cluster = document.querySelector('main')?.dataset['cluster'];
    const act = button?.dataset['act'];
    if (cluster && (act === 'freeze' || act === 'thaw' || act === 'follow'))
      openDialog(act, cluster, refresh);
  });
}

function openDialog(act: Act, cluster: string, refresh: () => void): void {
  const dialog = make('dialog', { className: 'act' });
  const form = make('form', { method: 'dialog' });
  const heading = make('h2', { id: 'act-title', textContent: `${titles[act]}: ${cluster}` });
  dialog.setAttribute('aria-labelledby', 'act-title');
  const fields = fieldsOf(act);
  const shown = make('div', { className: 'plan', ariaLive: 'polite' });
  const cancel = make('button', { type: 'button', textContent: 'Cancel' });
  const go = make('button', { type: 'submit', className: 'go', textContent: 'Show what would change' });
  const end = make('div', { className: 'end' });
  end.append(cancel, go);
  form.append(heading, make('p', { textContent: meanings[act] }), ...fields.all, shown, end);
  dialog.append(form);
  cancel.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => dialog.remove());
  let id = '';
  let step: 'plan' | 'act' | 'end' = 'plan';
  let edits = 0;
  let isAsking = false;
  const toPlan = (): void => {
    edits += 1;
    if (step !== 'act') return;
    step = 'plan';
    go.textContent = 'Show what would change';
    shown.replaceChildren();
  };
  form.addEventListener('input', toPlan);
  const ask = async (dryRun: boolean): Promise<Outcome> => {
    // A button that is disabled loses the focus.
    isAsking = true;
    go.ariaDisabled = 'true';
    token = fields.token.value;
    const more = dryRun ? { dryRun } : act === 'follow' ? { id } : {};
    const outcome = await post(cluster, act, { ...fields.body(), ...more });
    isAsking = false;
    go.ariaDisabled = null;
    return outcome;
  };
  const submit = async (): Promise<void> => {
    if (step === 'end') return dialog.close();
    if (isAsking) return;
    const dryRun = step === 'plan';
    const asked = edits;
    const outcome = await ask(dryRun);
    // The plan of what a person has changed meanwhile is no plan of what would be done.
    if (dryRun && asked !== edits) return shown.replaceChildren();
    showOutcome(shown, outcome, dryRun);
    if (outcome.kind === 'refused') return;
    id = randomId();
    step = dryRun ? 'act' : 'end';
    go.textContent = dryRun ? titles[act] : 'Close';
    if (step === 'end') {
      cancel.hidden = true;
      refresh();
    }
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void submit();
  });
  needTwoWords(dialog);
  document.body.append(dialog);
  dialog.showModal();
}

/** A double click, or Enter that is held down, is one word: nobody has read the plan in between. */
function needTwoWords(dialog: HTMLElement): void {
  dialog.addEventListener('click', (event) => {
    if (event.detail > 1 && event.target instanceof HTMLButtonElement) event.preventDefault();
  });
  dialog.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && event.repeat) event.preventDefault();
  });
}

function fieldsOf(act: Act) {
  const reason = make('input', { required: act === 'freeze', maxLength: 200, autocomplete: 'off' });
  const server = make('select', { required: true });
  const secret = make('input', { type: 'password', required: true, value: token, autocomplete: 'off' });
  const targets = document.querySelector<HTMLTemplateElement>('#targets');
  if (targets !== null) server.append(targets.content.cloneNode(true));
  const all = [
    ...(act === 'follow' ? [labelled('Server', server)] : []),
    ...(act === 'thaw' ? [] : [labelled(act === 'freeze' ? 'Reason' : 'Reason (may be empty)', reason)]),
    labelled(`Token of the API (${tokenPlace})`, secret),
  ];
  const body = (): Record<string, unknown> => ({
    ...(act === 'follow' ? { server: server.value } : {}),
    ...(act !== 'thaw' && reason.value !== '' ? { reason: reason.value } : {}),
    by: 'status-page',
  });
  return { all, token: secret, body };
}

async function post(cluster: string, act: Act, body: Readonly<Record<string, unknown>>): Promise<Outcome> {
  // Others cannot be in a header.
  if (!/^[!-~]+$/.test(token)) return refused([`this is no token: ${tokenHint}`]);
  try {
    const response = await fetch(`${root}v1/clusters/${encodeURIComponent(cluster)}/${act}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      cache: 'no-store',
      credentials: 'same-origin',
      signal: AbortSignal.timeout(patienceMs),
    });
    const said = (await response.json().catch(() => undefined)) as Said | undefined;
    // The page of a proxy: it may ask for a login, with status 200.
    if (said?.results === undefined && (response.ok || said?.code === undefined))
      return refused([
        `what answered with status ${response.status} is not source-dns: a proxy, perhaps`,
        unsure,
      ]);
    if (response.ok) return { kind: 'answer', results: said.results ?? [] };
    // The API's own hint is for programs.
    const hint = said.code === 'unauthorized' ? tokenHint : said.hint;
    return refused([said.detail ?? said.title ?? `status ${response.status}`, hint], said.results);
  } catch (error) {
    return refused([`no answer: ${error instanceof Error ? error.message : 'unknown'}`, unsure]);
  }
}

const refused = (sentences: readonly (string | undefined)[], results: readonly Result[] = []): Outcome => ({
  kind: 'refused',
  sentence: sentences.flatMap((each) => sentenceOf(each ?? '')).join(' '),
  results,
});

/** With a capital and a full stop; of nothing becomes nothing. */
const sentenceOf = (words: string): readonly string[] =>
  words === '' ? [] : [`${words.charAt(0).toUpperCase()}${words.slice(1)}${/[.!?]$/.test(words) ? '' : '.'}`];

function showOutcome(place: HTMLElement, outcome: Outcome, isPlan: boolean): void {
  const first =
    outcome.kind === 'refused'
      ? make('p', { className: 'failure', textContent: outcome.sentence })
      : make('p', { textContent: isPlan ? notYet : 'Done.' });
  // The sentence of a refusal is that of its worst result.
  const isSaid = outcome.kind === 'refused' && outcome.results.length === 1;
  const told = outcome.results.flatMap(({ nameserver, sentence, hint, plan }) => [
    ...(isSaid ? [] : [make('p', { textContent: [`${nameserver}: ${sentence}`, hint].join(' ').trimEnd() })]),
    ...(plan === undefined ? [] : [make('pre', { tabIndex: 0, textContent: planText(plan) })]),
  ]);
  const nothing =
    isPlan && outcome.kind === 'answer' && outcome.results.every(({ plan }) => plan === undefined);
  place.replaceChildren(
    first,
    ...told,
    ...(nothing ? [make('p', { textContent: 'Nothing in the zone would change.' })] : []),
  );
}

/** As the zone would see it, one line a change. */
const planText = ({ zone, changes }: Plan): string =>
  [
    `zone ${zone}`,
    ...changes.flatMap(({ kind, name, type, rrset }) =>
      rrset === undefined
        ? [`${kind === 'delete-rrset' ? '−' : kind} ${name} ${type}`]
        : rrset.rdata.map((rdata) => `+ ${rrset.name} ${rrset.ttlSeconds} ${rrset.type} ${rdataText(rdata)}`),
    ),
  ].join('\n');

const rdataText = (rdata: unknown): string =>
  Array.isArray(rdata)
    ? rdata.map((text) => JSON.stringify(text)).join(' ')
    : typeof rdata === 'object' && rdata !== null
      ? Object.values(rdata).join(' ')
      : String(rdata);

function labelled(text: string, field: HTMLElement): HTMLElement {
  const label = make('label', {});
  label.append(text, field);
  return label;
}

/** `randomUUID` is missing on plain http. */
const randomId = (): string =>
  [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

function make<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Partial<HTMLElementTagNameMap[K]>,
): HTMLElementTagNameMap[K] {
  return Object.assign(document.createElement(name), properties);
}
