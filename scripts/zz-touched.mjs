import { createVitest } from "vitest/node";
import { vitestOptions } from "/tmp/w/v-attack14/scripts/mutations/vitest-options.mjs";
const files = process.argv.slice(2);
const v = await createVitest("test", { config: false, watch: false, reporters: ["default"], ...vitestOptions(files) });
await v.start(files); await v.close(); process.exit();
