import { int8Support } from "../src/model/int8/processor.js";
import { OrtRuntime } from "../src/runtime/ort/index.js";

const { found } = await int8Support(new OrtRuntime({ threads: 1 }));

/**
 * Whether this processor adds up products of bytes exactly. Where it does not (x86 without VNNI adds pairs in 16 bits,
 * which overflow), what 8-bit products come to is not defined, `auto` takes f32, and tests of their values are skipped.
 */
export const int8IsExact = !found.includes("overflow");
if (!int8IsExact) console.info(`tests of 8-bit products are skipped on this processor: ${found}`);
