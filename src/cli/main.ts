#!/usr/bin/env node
import { plumblineVersion } from "../artifacts/version.js";
import { commands } from "./command-list.js";
import { endOnDefect, endUnheard, watchOutputs } from "./exit.js";
import { runProgram } from "./program.js";

endOnDefect();
watchOutputs();
const status = await runProgram(process.argv.slice(2), commands, plumblineVersion());
if (status !== 0) process.exitCode = status;
endUnheard();
