/** A clock that only tests move. Starts at the real time, because libraries compare with it. */
export class Clock {
  #ms = Date.now()

  now = (): number => this.#ms

  advance(seconds: number): void {
    this.#ms += seconds * 1000
  }

  get seconds(): number {
    return Math.floor(this.#ms / 1000)
  }
}
