// npm run docs:api: writes docs/api.md from the contracts of the feedback server.
import { writeFileSync } from "node:fs";
import { apiMarkdown } from "../dist/server/api-markdown.js";

writeFileSync("docs/api.md", apiMarkdown());
