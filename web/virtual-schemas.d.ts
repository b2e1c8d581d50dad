declare module "virtual:schemas" {
  /** A field in JSON Schema, of the kinds that our forms support. */
  export interface FieldSchema {
    type?: "string" | "integer" | "number" | "boolean" | "array" | "object";
    enum?: string[];
    default?: unknown;
    description?: string;
    minimum?: number;
    maximum?: number;
    exclusiveMinimum?: number;
    exclusiveMaximum?: number;
    properties?: Record<string, FieldSchema>;
    required?: string[];
  }
  /** TaskDefinition and AssignmentSettings. */
  const schemas: { task: FieldSchema; settings: FieldSchema };
  export default schemas;
}
