import "./style/tokens.css";
import "./style/base.css";
import "./style/components.css";
import { render } from "preact";
import { App } from "./app.js";
import { applyPreferences, loadPreferences } from "./preferences.js";

const preferences = loadPreferences();
applyPreferences(preferences);
render(<App preferences={preferences} />, document.getElementById("app") as HTMLElement);
