import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import koffi from "koffi";

/**
 * ONNX Runtime's C interface: the shared library that ships with onnxruntime-node, called through koffi.
 *
 * `OrtGetApiBase()->GetApi(17)` returns a table of function pointers that only grows at its end, so an index means the
 * same function in every later version (onnxruntime_c_api.h, struct OrtApi). Nothing outside runtime/ort may hold a
 * pointer from here.
 */

/** An opaque native pointer. */
export type Pointer = unknown;

/** ONNXTensorElementDataType, for the types that tensor programs use. */
export const ELEMENT_TYPE = { f32: 1, u8: 2, i8: 3, i32: 6, i64: 7, bool: 9 } as const;

const API_VERSION = 17;

/** Index in struct OrtApi and C signature of each function used. All return OrtStatus* unless void. */
const FUNCTIONS = {
  GetErrorMessage: [2, "const char *", ["void *"]],
  SetSessionGraphOptimizationLevel: [23, "void *", ["void *", "int"]],
  CreateSessionOptions: [10, "void *", ["_Out_ void **"]],
  EnableProfiling: [14, "void *", ["void *", "const char *"]],
  DisableMemPattern: [17, "void *", ["void *"]],
  CreateTensorWithDataAsOrtValue: [
    49,
    "void *",
    ["void *", "void *", "size_t", "int64_t *", "size_t", "int", "_Out_ void **"],
  ],
  CreateCpuMemoryInfo: [69, "void *", ["int", "int", "_Out_ void **"]],
  CreateRunOptions: [39, "void *", ["_Out_ void **"]],
  ReleaseThreadingOptions: [122, "void", ["void *"]],
  ReleaseStatus: [93, "void", ["void *"]],
  ReleaseSession: [95, "void", ["void *"]],
  ReleaseValue: [96, "void", ["void *"]],
  ReleaseSessionOptions: [100, "void", ["void *"]],
  GetAllocatorWithDefaultOptions: [78, "void *", ["_Out_ void **"]],
  CreateEnvWithGlobalThreadPools: [119, "void *", ["int", "const char *", "void *", "_Out_ void **"]],
  DisablePerSessionThreads: [120, "void *", ["void *"]],
  CreateThreadingOptions: [121, "void *", ["_Out_ void **"]],
  AddSessionConfigEntry: [130, "void *", ["void *", "const char *", "const char *"]],
  RunWithBinding: [133, "void *", ["void *", "void *", "void *"]],
  CreateIoBinding: [134, "void *", ["void *", "_Out_ void **"]],
  ReleaseIoBinding: [135, "void", ["void *"]],
  BindInput: [136, "void *", ["void *", "const char *", "void *"]],
  BindOutput: [137, "void *", ["void *", "const char *", "void *"]],
  CreateAndRegisterAllocator: [144, "void *", ["void *", "void *", "void *"]],
  SetGlobalIntraOpNumThreads: [147, "void *", ["void *", "int"]],
  SetGlobalInterOpNumThreads: [148, "void *", ["void *", "int"]],
  SetGlobalSpinControl: [149, "void *", ["void *", "int"]],
  AddInitializer: [150, "void *", ["void *", "const char *", "void *"]],
  SetGlobalDenormalAsZero: [155, "void *", ["void *"]],
  CreateArenaCfgV2: [164, "void *", ["const char **", "size_t *", "size_t", "_Out_ void **"]],
  AddRunConfigEntry: [165, "void *", ["void *", "const char *", "const char *"]],
  CreatePrepackedWeightsContainer: [166, "void *", ["_Out_ void **"]],
  ReleasePrepackedWeightsContainer: [167, "void", ["void *"]],
  CreateSessionFromArrayWithPrepackedWeightsContainer: [
    169,
    "void *",
    ["void *", "void *", "size_t", "void *", "void *", "_Out_ void **"],
  ],
} as const satisfies Record<string, readonly [number, string, readonly string[]]>;

type FunctionName = keyof typeof FUNCTIONS;
type NativeFunction = ReturnType<ReturnType<typeof koffi.load>["func"]>;

function libraryPath(): string {
  const require = createRequire(import.meta.url);
  const root = path.dirname(require.resolve("onnxruntime-node/package.json"));
  const file = {
    linux: "libonnxruntime.so.1",
    darwin: "libonnxruntime.1.30.0.dylib",
    win32: "onnxruntime.dll",
  }[os.platform() as "linux" | "darwin" | "win32"];
  return path.join(root, "bin", "napi-v6", os.platform(), os.arch(), file ?? "libonnxruntime.so.1");
}

let table: Map<FunctionName, NativeFunction> | undefined;
/**
 * Never released: if koffi's handle is garbage-collected, the library is unloaded while pointers into it are still in
 * use.
 */
let library: ReturnType<typeof koffi.load> | undefined;

function functions(): Map<FunctionName, NativeFunction> {
  if (table) return table;
  library = koffi.load(libraryPath());
  const getApiBase = library.func("void *OrtGetApiBase()");
  const [getApi] = koffi.decode(getApiBase(), koffi.array("void *", 1)) as Pointer[];
  const api = koffi.decode(getApi, koffi.proto("void *OrtGetApi(uint32_t version)"))(API_VERSION);
  const last = Math.max(...Object.values(FUNCTIONS).map(([index]) => index));
  const pointers = koffi.decode(api, koffi.array("void *", last + 1)) as Pointer[];
  table = new Map();
  for (const [name, [index, result, parameters]] of Object.entries(FUNCTIONS)) {
    const prototype = koffi.proto(`Ort${name}`, result, [...parameters]);
    table.set(name as FunctionName, koffi.decode(pointers[index], prototype));
  }
  return table;
}

function raise(name: string, status: Pointer): void {
  if (!status) return;
  const message = functions().get("GetErrorMessage")?.(status) as string;
  functions().get("ReleaseStatus")?.(status);
  throw new Error(`ONNX Runtime, ${name}: ${message}`);
}

/** Calls a function of the C interface. @throws Error with its message if the status is not OK. */
export function call(name: FunctionName, ...args: unknown[]): void {
  const result = functions().get(name)?.(...args);
  if (FUNCTIONS[name][1] === "void *") raise(name, result);
}

/** Like `call`, for functions whose last parameter is `T** out`; returns what was written there. */
export function create(name: FunctionName, ...args: unknown[]): Pointer {
  const out: Pointer[] = [null];
  call(name, ...args, out);
  return out[0];
}

/** Like `call`, on another thread, without blocking the event loop. */
export function callAsync(name: FunctionName, ...args: unknown[]): Promise<void> {
  return new Promise((resolve, reject) => {
    functions()
      .get(name)
      ?.async(...args, (error: Error | null, status: Pointer) => {
        try {
          if (error) throw error;
          raise(name, status);
          resolve();
        } catch (failure) {
          reject(failure);
        }
      });
  });
}
