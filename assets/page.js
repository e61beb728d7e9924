// The first module of every page: says that scripts run, then wakes the design system's components.
import { initAll } from "./nhsuk.js";

document.body.classList.add("js-enabled", "nhsuk-frontend-supported");
initAll();
