// Where the page starts when its packages come from a CDN.

import "./inline_workers.mjs";
import { open } from "./ide.mjs";

open();
