import { type AnalysisRequest, analyse } from "../../feedback/analysis/index.js";
import type { Queries } from "../../feedback/store/database/database.js";
import { loadProject, type ProjectData } from "../../feedback/store/index.js";

/** One analysis of a project as it was at a stamp. */
export interface AnalysisJob {
  project: string;
  /** Changes whenever the project's data does. */
  stamp: string;
  request: AnalysisRequest;
}

/** Computes analyses. */
export interface AnalysisRunner {
  run(job: AnalysisJob): Promise<unknown>;
  close(): Promise<void>;
}

/** Computes in this thread; the data of the last project stays in memory. */
export class LocalRunner implements AnalysisRunner {
  private last: { key: string; data: ProjectData } | undefined;

  constructor(private readonly db: Queries) {}

  async run({ project, stamp, request }: AnalysisJob): Promise<unknown> {
    const key = `${project} ${stamp}`;
    if (this.last?.key !== key) {
      this.last = undefined;
      this.last = { key, data: await loadProject(this.db, project) };
    }
    return analyse(this.last.data, request);
  }

  async close(): Promise<void> {
    this.last = undefined;
  }
}
