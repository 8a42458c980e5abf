// Unpacks Chromium, and the libraries that it needs on systems without them, into the folder TMPDIR.
import process from "node:process";

// The package unpacks the libraries only where it recognizes Lambda's image.
process.env.AWS_EXECUTION_ENV = "AWS_Lambda_nodejs20.x";
const { default: chromium } = await import(`${process.argv[2]}/@sparticuz/chromium/build/esm/index.js`);
await chromium.executablePath();
