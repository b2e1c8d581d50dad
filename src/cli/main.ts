#!/usr/bin/env node
import { plumblineVersion } from "../artifacts/version.js";
import { commands } from "./command-list.js";
import { endOnBrokenPipe } from "./exit.js";
import { runProgram } from "./program.js";

endOnBrokenPipe();
const status = await runProgram(process.argv.slice(2), commands, plumblineVersion());
process.exitCode = status;
