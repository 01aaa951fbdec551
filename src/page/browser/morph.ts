/**
 * Makes one element like another one, and touches only what differs: focus, selection, scroll position and
 * what a person opened stay.
 */

/** What a person changed, and no refresh may undo. */
const personal: Readonly<Record<string, readonly string[]>> = {
  DETAILS: ['open'],
  INPUT: ['value'],
};

export function morph(from: Element, to: Element): void {
  morphAttributes(from, to);
  const wanted = [...to.childNodes];
  const byId = new Map([...from.children].flatMap((child) => (child.id === '' ? [] : [[child.id, child]])));
  let here: ChildNode | null = from.firstChild;
  for (const child of wanted) {
    const present: ChildNode | undefined =
      byId.get(idOf(child)) ?? (here && isLike(here, child) ? here : undefined);
    if (present === undefined) {
      from.insertBefore(child, here);
      continue;
    }
    if (present === here) here = here.nextSibling;
    else from.insertBefore(present, here);
    if (present instanceof Element && child instanceof Element) morph(present, child);
    else if (present.nodeValue !== child.nodeValue) present.nodeValue = child.nodeValue;
  }
  while (here !== null) {
    const next: ChildNode | null = here.nextSibling;
    here.remove();
    here = next;
  }
}

const idOf = (node: Node): string => (node instanceof Element ? node.id : '');

/** An element with an id is the same one only by its id. */
const isLike = (a: Node, b: Node): boolean => a.nodeName === b.nodeName && idOf(a) === '' && idOf(b) === '';

function morphAttributes(from: Element, to: Element): void {
  const kept = personal[from.nodeName] ?? [];
  for (const { name } of [...from.attributes])
    if (!to.hasAttribute(name) && !kept.includes(name)) from.removeAttribute(name);
  for (const { name, value } of [...to.attributes])
    if (from.getAttribute(name) !== value && !kept.includes(name)) from.setAttribute(name, value);
}
