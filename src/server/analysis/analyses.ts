import type { AnalysisRequest, AnalysisResults } from "../../feedback/analysis/index.js";
import { projectStamp, type StoreContext } from "../../feedback/store/index.js";
import type { AnalysisRunner } from "./runner.js";

/** Most results kept, over all projects. */
const MAX_KEPT = 100;

/** Analyses of projects: each is computed once per state of its project, however many requests ask for it. */
export class Analyses {
  /** Results, finished or not, by project, state and request; the most recently used is last. */
  private readonly kept = new Map<string, Promise<unknown>>();

  constructor(
    private readonly store: StoreContext,
    private readonly runner: AnalysisRunner,
  ) {}

  /** @throws StoreError as the analysis does; RequestError 503 if too many are asked for, or it takes too long. */
  async ask<R extends AnalysisRequest>(project: string, request: R): Promise<AnalysisResults[R["kind"]]> {
    const stamp = await projectStamp(this.store, project);
    const key = JSON.stringify([project, stamp, request]);
    const known = this.kept.get(key);
    this.kept.delete(key);
    const result = known ?? this.runner.run({ project, stamp, request });
    this.kept.set(key, result);
    if (this.kept.size > MAX_KEPT) this.kept.delete(this.kept.keys().next().value as string);
    if (known === undefined) result.catch(() => this.kept.delete(key));
    return result as Promise<AnalysisResults[R["kind"]]>;
  }

  close(): Promise<void> {
    return this.runner.close();
  }
}
