// Allure 3 with the categories that the suite writes beside the results:
//   allure generate --config docs/ci/allurerc.mjs allure-results
// RESULTS names another folder of results.
import { readFileSync } from "node:fs";

const results = process.env.RESULTS ?? "allure-results";

export default {
  name: "QMP conformance",
  categories: JSON.parse(readFileSync(`${results}/categories.json`, "utf-8")),
};
