/** The search asks as one types. The address says what is shown, so it can be shared. */

const restMs = 150;

export function searchAsTyped(refresh: () => void): void {
  const input = document.querySelector<HTMLInputElement>('#q');
  if (input === null) return;
  let timer = 0;
  // Also a page that is not there has no cluster.
  const overview = new URL(document.body.dataset['root'] ?? './', location.href).pathname;
  const isOverview = (): boolean =>
    location.pathname === overview && document.querySelector('main')?.dataset['cluster'] === '';
  input.addEventListener('input', () => {
    // From a cluster's page the form leads to the overview.
    if (!isOverview()) return;
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      const address = new URL(location.href);
      address.searchParams.set('q', input.value);
      history.replaceState(null, '', address);
      refresh();
    }, restMs);
  });
  document.addEventListener('keydown', (event) => {
    const isTyping =
      event.target instanceof Element && event.target.closest('input, select, textarea, dialog');
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
    event.preventDefault();
    input.focus();
  });
}
