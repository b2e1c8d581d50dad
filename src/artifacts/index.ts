/** Run folders and checkpoints: the files that commands write, each of which appears whole or not at all. */
export { writeFileAtomically, writeFolderAtomically, writeFolderOnce } from "./atomic.js";
export {
  type Checkpoint,
  type CheckpointContent,
  latestCheckpoint,
  listCheckpoints,
  loadCheckpoint,
  removeLeftovers,
  saveCheckpoint,
} from "./checkpoint.js";
export type { Json } from "./json.js";
export { lockFolder } from "./lock.js";
export { folderToResume, Run, type RunOptions, unusedRunName } from "./run.js";
export { otherCommand, RUN_CONFIG, settingsOfRun } from "./run-config.js";
export { readTensorsFile, type TensorRecord, writeTensorsFile } from "./tensors-file.js";
export { plumblineVersion } from "./version.js";
export { checkWritable } from "./writable.js";
