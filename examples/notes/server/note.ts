export interface Note {
  id: string;
  text: string;
  author: string;
  createdAt: string;
}

export const MAX_TEXT = 2000;

/** Keys sort by time, so that listing needs no index. */
export const keyOf = (id: string): string => `note/${id}`;

export function newId(): string {
  return `${new Date().toISOString().replace(/[^0-9]/g, '')}-${crypto.randomUUID().slice(0, 8)}`;
}
