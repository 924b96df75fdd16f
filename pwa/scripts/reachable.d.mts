export interface Chunk {
  file: string;
  css?: string[];
  imports?: string[];
  dynamicImports?: string[];
}

export type Manifest = Record<string, Chunk>;

export function reachable(manifest: Manifest, entry: string, follow?: (source: string) => boolean): string[];
