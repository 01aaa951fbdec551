/** What many ask of one thing that has a bound, added up. */

export class Demand {
  readonly #amounts = new Map<object, number>();
  #sum = 0;

  get sum(): number {
    return this.#sum;
  }

  /** From now on `who` wants so much. */
  want(who: object, amount: number): void {
    this.#sum += amount - (this.#amounts.get(who) ?? 0);
    if (amount === 0) this.#amounts.delete(who);
    else this.#amounts.set(who, amount);
  }
}
