/**
 * The runtime that computes: tensor programs run by ONNX Runtime on the processor, over buffers that they share.
 * Programs are made with `plumbline/tensor`; models take a runtime as their first argument.
 */

import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { elementCount } from "../../base/element-count.js";
import type { DType, Program } from "../../tensor/index.js";
import { fill } from "../feeds.js";
import { EXTERNAL_FILE, encodeProgram, inputName } from "../onnx/encode.js";
import { constantWeights } from "../onnx/packing.js";
import type { ProfiledRun, ProfilingRuntime, RuntimeStatistics } from "../profile.js";
import type {
  CompiledStep,
  DeviceBuffer,
  Executable,
  Feed,
  FrozenWeights,
  HostArray,
  StepProgram,
} from "../runtime.js";
import { stepInPieces } from "../step-in-pieces.js";
import { call, create, type Pointer } from "./api.js";
import { allocate, OrtBuffer } from "./buffer.js";
import { mapLargeBlocks, trimHeap, trimHeapSoon } from "./heap.js";
import { type PackedSet, PackedWeights } from "./packed-weights.js";
import { readSessionProfile, type SessionProfile } from "./profile.js";
import { OrtExecutable, type Session } from "./session.js";
import { threadsWanted } from "./threads.js";

const NO_WEIGHTS: FrozenWeights = new Map();
const WARNINGS_AND_WORSE = 3;
const ALL_OPTIMIZATIONS = 99;
/**
 * Constant folding would compute with the contents of the file of external weights, zeros, instead of the values
 * supplied here. Fusing reshapes would lose the order that `controlDependency` requires, and a reshape copies nothing
 * anyway.
 */
const OPTIMIZERS_OFF = "ConstantFolding;ReshapeFusion";
/**
 * Size in bytes of an encoded program from which compiling leaves large holes in the heap: a hundred MB for some
 * layers.
 */
const LARGE_PROGRAM = 1e5;
/** Elements of a long vector that a step processes at a time, so that its operands stay in the processor's cache. */
const PIECE = 2 ** 19;
/** OrtArenaAllocator: memory is kept from run to run. Without it, every large tensor is mapped and unmapped again. */
const ARENA_ALLOCATOR = 1;

/** Temporary folders of all runtimes of this process; removed on exit. */
const folders: string[] = [];
const removeFolders = (): void => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
};

/** Limits of an ONNX Runtime; every option may be left out. */
export interface OrtOptions {
  /** Threads of the pool that all programs share. Default: PLUMB_THREADS, or all processors. */
  threads?: number;
  /** Most compiled programs kept in memory, default 64; the least recently used is dropped first. */
  maxPrograms?: number;
  /** Most bytes of encoded programs kept in memory, default 512 MiB; frozen weights are shared and not counted. */
  maxBytes?: number;
  /** Records every kernel of every run, for `takeProfile`; default false. */
  profile?: boolean;
}

/** A compiled program and the resources it uses. */
interface Compiled extends Session {
  /** Size of the encoded program. */
  bytes: number;
  /** Undefined if no frozen weight is a constant of the program. */
  packed: PackedSet | undefined;
  /** Prefix of the path of its profile; undefined if none is recorded. */
  profile: string | undefined;
}

/** Executes tensor programs with ONNX Runtime on the CPU. */
export class OrtRuntime implements ProfilingRuntime {
  readonly name = "onnxruntime";
  readonly threads: number;
  readonly statistics: RuntimeStatistics = {
    runMilliseconds: 0,
    compileMilliseconds: 0,
    runs: 0,
    compiled: 0,
  };
  private readonly environment: Pointer;
  private readonly packedWeights = new PackedWeights();
  private readonly runOptions: Pointer;
  private readonly folder: string;
  private readonly zero = new OrtBuffer("i64", [1], allocate("i64", 1), "zero");
  private externalSize = 0;
  /** Compiled programs in memory, the least recently used first. */
  private readonly cache = new Map<OrtExecutable, Compiled>();
  /** Profiles of sessions released since the last `takeProfile`. */
  private profiles: SessionProfile[] = [];

  constructor(private readonly options: OrtOptions = {}) {
    mapLargeBlocks();
    this.threads = options.threads ?? threadsWanted();
    const threading = create("CreateThreadingOptions");
    call("SetGlobalIntraOpNumThreads", threading, this.threads);
    call("SetGlobalInterOpNumThreads", threading, 1);
    call("SetGlobalSpinControl", threading, 1);
    call("SetGlobalDenormalAsZero", threading);
    this.environment = create("CreateEnvWithGlobalThreadPools", WARNINGS_AND_WORSE, "plumbline", threading);
    call("ReleaseThreadingOptions", threading);
    // One arena for all programs: memory freed by one run is used by the next, of whatever program.
    const arena = create("CreateArenaCfgV2", null, null, 0);
    const arenaMemory = create("CreateCpuMemoryInfo", ARENA_ALLOCATOR, 0);
    call("CreateAndRegisterAllocator", this.environment, arenaMemory, arena);
    this.runOptions = create("CreateRunOptions");
    this.folder = mkdtempSync(path.join(os.tmpdir(), "plumbline-"));
    writeFileSync(path.join(this.folder, EXTERNAL_FILE), "");
    if (folders.length === 0) process.once("exit", removeFolders);
    folders.push(this.folder);
  }

  buffer(dtype: DType, shape: readonly number[], ...parts: readonly Feed[]): DeviceBuffer {
    const array = allocate(dtype, Math.max(1, elementCount(shape)));
    if (parts.length > 0) {
      const values = parts.map((part) => (part instanceof OrtBuffer ? part.values() : (part as HostArray)));
      fill("buffer", dtype, shape, array, values);
    }
    return new OrtBuffer(dtype, shape, array);
  }

  adopt(dtype: DType, shape: readonly number[], array: HostArray, label?: string): DeviceBuffer {
    return new OrtBuffer(dtype, shape, array, label);
  }

  compile(program: Program, frozen: FrozenWeights = NO_WEIGHTS): Executable {
    for (const known of this.cache.keys()) {
      if (known.program !== program || known.frozen !== frozen) continue;
      this.touch(known);
      return known;
    }
    const sessions = {
      open: (executable: OrtExecutable) => this.open(executable),
      used: (executable: OrtExecutable) => this.touch(executable),
      closed: (executable: OrtExecutable) => this.closed(executable),
    };
    return new OrtExecutable(program, frozen, sessions, this.runOptions, this.statistics);
  }

  compileStep(
    step: StepProgram,
    vectors: Readonly<Record<string, DeviceBuffer>>,
    parts: readonly number[],
  ): CompiledStep {
    return stepInPieces(this, step, vectors, parts, PIECE);
  }

  async takeProfile(since = 0): Promise<ProfiledRun[]> {
    for (const executable of [...this.cache.keys()]) executable.evict();
    const profiles = this.profiles;
    this.profiles = [];
    const runs: ProfiledRun[] = [];
    for (const profile of profiles)
      for (const run of await readSessionProfile(profile, since)) runs.push(run);
    return runs.sort((a, b) => a.start - b.start);
  }

  private touch(executable: OrtExecutable): void {
    const compiled = this.cache.get(executable);
    if (compiled === undefined) return;
    this.cache.delete(executable);
    this.cache.set(executable, compiled);
  }

  /** Removes a program whose session was released. */
  private closed(executable: OrtExecutable): void {
    const { packed, profile } = this.cache.get(executable) ?? {};
    this.cache.delete(executable);
    if (packed) this.packedWeights.letGo(packed);
    if (profile)
      this.profiles.push({
        program: executable.program.name,
        prefix: profile,
        runs: executable.recorded ?? [],
      });
    trimHeapSoon();
  }

  /** Compiles a program, and drops the least recently used ones that exceed the limits and are not running. */
  private open(executable: OrtExecutable): Session {
    const start = performance.now();
    const compiled = this.createSession(executable);
    this.statistics.compileMilliseconds += performance.now() - start;
    this.statistics.compiled++;
    this.cache.set(executable, compiled);
    executable.recorded = compiled.profile ? [] : undefined;
    const { maxPrograms = 64, maxBytes = 2 ** 29 } = this.options;
    let total = [...this.cache.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    for (const [other, { bytes }] of [...this.cache]) {
      if (this.cache.size <= maxPrograms && total <= maxBytes) break;
      if (other === executable || !other.evict()) continue;
      total -= bytes;
    }
    return compiled;
  }

  private createSession({ program, frozen }: OrtExecutable): Compiled {
    const constants = constantWeights(program);
    const { bytes, externalBytes, hasHidden } = encodeProgram(program, constants);
    if (externalBytes > this.externalSize) {
      truncateSync(path.join(this.folder, EXTERNAL_FILE), externalBytes);
      this.externalSize = externalBytes;
    }
    const weights = new Map<string, OrtBuffer>();
    const bound = new Map<string, OrtBuffer>();
    for (const name of program.frozen) {
      const weight = frozen.get(name) as OrtBuffer | undefined;
      if (!weight) throw new Error(`program ${program.name}: the frozen weight "${name}" was not given`);
      (constants.has(name) ? weights : bound).set(name, weight);
    }
    const packed = weights.size > 0 ? this.packedWeights.use([...weights.values()]) : undefined;
    const options = create("CreateSessionOptions");
    try {
      call("DisablePerSessionThreads", options);
      // The memory pattern, a plan of all activations made at the second run, is one more block next to the arena's
      // own: measured, it is no faster and takes half as much memory again.
      call("DisableMemPattern", options);
      call("SetSessionGraphOptimizationLevel", options, ALL_OPTIMIZATIONS);
      call("AddSessionConfigEntry", options, "session.use_env_allocators", "1");
      call("AddSessionConfigEntry", options, "optimization.disable_specified_optimizers", OPTIMIZERS_OFF);
      call(
        "AddSessionConfigEntry",
        options,
        "session.model_external_initializers_file_folder_path",
        this.folder,
      );
      const profile = this.options.profile
        ? path.join(this.folder, `profile-${this.statistics.compiled}`)
        : undefined;
      if (profile) call("EnableProfiling", options, profile);
      for (const [name, weight] of weights)
        call("AddInitializer", options, inputName(name), weight.pointer());
      const session = create(
        "CreateSessionFromArrayWithPrepackedWeightsContainer",
        this.environment,
        bytes,
        bytes.byteLength,
        options,
        packed?.pointer ?? null,
      );
      if (bytes.byteLength > LARGE_PROGRAM) trimHeap();
      return {
        session,
        bound,
        ...(hasHidden && { zero: this.zero }),
        bytes: bytes.byteLength,
        packed,
        profile,
      };
    } catch (error) {
      if (packed) this.packedWeights.letGo(packed);
      throw error;
    } finally {
      call("ReleaseSessionOptions", options);
    }
  }
}
export type {
  KernelTime,
  KernelWork,
  ProfiledRun,
  ProfilingRuntime,
  RuntimeStatistics,
  TimedRuntime,
} from "../profile.js";
export type { CompiledStep, Feed, FrozenWeights, HostArray, StepProgram, StepScalars } from "../runtime.js";
