/** Somebody says no, on purpose, in words for whoever asked. What is thrown otherwise is a fault. */
export abstract class Refusal extends Error {}
