import type { BalancerMember } from "./strategy.ts";

/** Which members of a balancer are up, by their places; for strategies without turns. */
export class UpMembers {
  /** Places of those that are up. */
  readonly places: number[] = [];
  private readonly members: readonly BalancerMember[];
  private readonly weighted: boolean;

  /** `weighted`: those without a weight above 0 are never up. */
  constructor(members: readonly BalancerMember[], weighted: boolean) {
    this.members = members;
    this.weighted = weighted;
    for (const member of members) member.up &&= this.mayBeUp(member);
    this.note();
  }

  get any(): boolean {
    return this.places.length > 0;
  }

  set(index: number, up: boolean): void {
    const member = this.members[index];
    member.up = up && this.mayBeUp(member);
    this.note();
  }

  private mayBeUp({ weight }: BalancerMember): boolean {
    return !this.weighted || weight > 0;
  }

  private note(): void {
    this.places.length = 0;
    this.members.forEach(({ up }, index) => {
      if (up) this.places.push(index);
    });
  }
}
