/** Elements of an array of this shape; 1 for []. */
export const elementCount = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
