import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { DType, Program } from "../../tensor/index.js";
import { EXTERNAL_FILE, encodeProgram, inputName } from "../onnx/encode.js";
import type { DeviceBuffer, Executable, FrozenWeights, HostArray, Runtime, RuntimeStatistics } from "../runtime.js";
import { call, create, type Pointer } from "./api.js";
import { allocate, cpuMemoryInfo, OrtBuffer } from "./buffer.js";
import { OrtExecutable } from "./session.js";

const WARNINGS_AND_WORSE = 3;
const ALL_OPTIMIZATIONS = 99;

export interface OrtOptions {
  /** Threads of the one pool that all programs share. Default: PLUMB_THREADS, else all processors. */
  threads?: number;
  /** Most compiled programs kept; the one unused for longest is released first. */
  maxPrograms?: number;
  /** Prefix of ONNX Runtime's profile files (Chrome trace format); profiling is off without it. */
  profile?: string;
}

/** Executes tensor programs with ONNX Runtime on the CPU. */
export class OrtRuntime implements Runtime {
  readonly name = "onnxruntime";
  readonly threads: number;
  readonly statistics: RuntimeStatistics = { runMilliseconds: 0, compileMilliseconds: 0, runs: 0, compiled: 0 };
  private readonly environment: Pointer;
  private readonly packedWeights: Pointer;
  private readonly runOptions: Pointer;
  private readonly folder: string;
  private externalSize = 0;
  private readonly cache = new Map<Program, { executable: OrtExecutable; frozen: FrozenWeights }>();

  constructor(private readonly options: OrtOptions = {}) {
    this.threads = options.threads ?? (Number(process.env.PLUMB_THREADS) || os.availableParallelism());
    const threading = create("CreateThreadingOptions");
    call("SetGlobalIntraOpNumThreads", threading, this.threads);
    call("SetGlobalInterOpNumThreads", threading, 1);
    call("SetGlobalSpinControl", threading, 1);
    call("SetGlobalDenormalAsZero", threading);
    this.environment = create("CreateEnvWithGlobalThreadPools", WARNINGS_AND_WORSE, "plumbline", threading);
    call("ReleaseThreadingOptions", threading);
    // One arena for all programs: what one run frees, the next program's run uses.
    const arena = create("CreateArenaCfgV2", null, null, 0);
    call("CreateAndRegisterAllocator", this.environment, cpuMemoryInfo(), arena);
    this.packedWeights = create("CreatePrepackedWeightsContainer");
    this.runOptions = create("CreateRunOptions");
    this.folder = mkdtempSync(path.join(os.tmpdir(), "plumbline-"));
    writeFileSync(path.join(this.folder, EXTERNAL_FILE), "");
    process.once("exit", () => rmSync(this.folder, { recursive: true, force: true }));
  }

  buffer(dtype: DType, shape: readonly number[], data?: HostArray): DeviceBuffer {
    const array = allocate(dtype, Math.max(1, shape.reduce((a, b) => a * b, 1)));
    if (data) (array as Float32Array).set(data as Float32Array);
    return new OrtBuffer(dtype, shape, array);
  }

  adopt(dtype: DType, shape: readonly number[], array: HostArray, label?: string): DeviceBuffer {
    return new OrtBuffer(dtype, shape, array, label);
  }

  compile(program: Program, frozen: FrozenWeights = new Map()): Executable {
    const cached = this.cache.get(program);
    if (cached && cached.frozen === frozen) {
      this.cache.delete(program);
      this.cache.set(program, cached);
      return cached.executable;
    }
    const start = performance.now();
    const executable = this.createExecutable(program, frozen);
    this.statistics.compileMilliseconds += performance.now() - start;
    this.statistics.compiled++;
    this.cache.set(program, { executable, frozen });
    return executable;
  }

  private createExecutable(program: Program, frozen: FrozenWeights): OrtExecutable {
    const { bytes, externalBytes } = encodeProgram(program);
    if (externalBytes > this.externalSize) {
      truncateSync(path.join(this.folder, EXTERNAL_FILE), externalBytes);
      this.externalSize = externalBytes;
    }
    const options = create("CreateSessionOptions");
    try {
      call("DisablePerSessionThreads", options);
      call("SetSessionGraphOptimizationLevel", options, ALL_OPTIMIZATIONS);
      call("AddSessionConfigEntry", options, "session.use_env_allocators", "1");
      call("AddSessionConfigEntry", options, "session.model_external_initializers_file_folder_path", this.folder);
      if (this.options.profile) call("EnableProfiling", options, `${this.options.profile}-${program.name.replaceAll("/", "-")}`);
      for (const name of program.frozen) {
        const weight = frozen.get(name) as OrtBuffer | undefined;
        if (!weight) throw new Error(`program ${program.name}: the frozen weight "${name}" was not given`);
        call("AddInitializer", options, inputName(name), weight.pointer());
      }
      const session = create(
        "CreateSessionFromArrayWithPrepackedWeightsContainer",
        this.environment,
        bytes,
        bytes.byteLength,
        options,
        this.packedWeights,
      );
      return new OrtExecutable(program, session, frozen, this.runOptions, this.statistics);
    } finally {
      call("ReleaseSessionOptions", options);
    }
  }
}
