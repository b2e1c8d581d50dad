/** The order of test files: two workers end at about the same time when the longest begin first. */
import { existsSync } from "node:fs";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Files that take more than some ten seconds, the longest first. Vitest alone goes by their length in characters on a
 * new machine.
 */
const LONGEST = [
  "test/e2e/memory.test.ts",
  "test/e2e/site/kinds.test.ts",
  "test/e2e/demo.test.ts",
  "test/e2e/desk/pages.test.ts",
  "test/e2e/inference.test.ts",
  "test/e2e/site/compare.test.ts",
  "test/e2e/resume.test.ts",
  "test/e2e/demo-direction.test.ts",
  "test/e2e/pack.test.ts",
  "test/e2e/train.test.ts",
  "test/e2e/project-votes.test.ts",
  "test/e2e/desk/lead.test.ts",
  "src/algorithms/training.test.ts",
  "src/demo/loop.test.ts",
  "test/e2e/store-kill.test.ts",
  "test/e2e/tasks.test.ts",
  "test/e2e/examples.test.ts",
  "src/model/int8/stored.test.ts",
  "test/e2e/serve.test.ts",
  "test/e2e/soak.test.ts",
  "test/coverage.test.ts",
  "src/feedback/store/votes/work.test.ts",
  "src/votes/aggregate/d-product.test.ts",
  "src/server/sessions.test.ts",
  "src/server/start.test.ts",
];

export class LongestFirst extends BaseSequencer {
  /**
   * Files with processes of their own before those that share one, so that a shared process is not ended in between.
   */
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const gone = LONGEST.filter((file) => !existsSync(file));
    if (gone.length > 0) throw new Error(`test/longest-first.ts names files that are not there: ${gone}`);
    const rank = ({ moduleId, project }: TestSpecification): number => {
      const place = LONGEST.findIndex((file) => moduleId.endsWith(`/${file}`));
      return (place < 0 ? LONGEST.length : place) + (project.config.isolate ? 0 : 2 * LONGEST.length);
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
