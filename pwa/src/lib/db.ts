import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { Protocol, Value } from '../engine/protocol';
import type { Consent, Me, Prompt, Prompts, Receipt } from './wire';

/** What the phone keeps. The page and the service worker read and write the same tables. */
export interface Tables extends DBSchema {
  /** Single things, by name: see `Singles`. */
  singles: { key: string; value: unknown };
  protocols: { key: number; value: { version: number; protocol: Protocol } };
  roster: { key: string; value: SealedDyad };
  drafts: { key: string; value: Draft };
  /** Rows are sent in the order of `seq`. A row leaves only with a receipt for it. */
  outbox: { key: number; value: OutboxRow; indexes: { id: string } };
  /** What the study has confirmed, so that the screens can say so truthfully. */
  kept: { key: string; value: Kept };
}

export interface Singles {
  device: Device;
  attempt: Attempt;
  me: Me;
  /** With how far the study's clock was ahead of this phone's when they were fetched, in milliseconds. */
  prompts: Prompts & { ahead?: number };
  /** The prompts last shown as notifications, latest last. */
  shown: string[];
  label_key: CryptoKey;
  language: string;
  notifications: 'with' | 'without';
  notifications_later: boolean;
  persisted: boolean | null;
  sender: SenderState;
}

export interface Device {
  token: string;
}

/** Written before an enrolment is sent, so that a lost answer can be asked for again with the same token. */
export interface Attempt {
  code: string;
  token: string;
  consent: Consent & { agreed: true };
  zone: string;
  language: string;
}

export interface SealedDyad {
  dyad_id: string;
  started_on: string;
  /** The list keeps the order in which they were added. */
  added_at: string;
  iv: Uint8Array<ArrayBuffer>;
  sealed: ArrayBuffer;
}

export interface Draft {
  key: string;
  /** The id of the entry or assessment this will become, made when the form was opened. */
  id: string;
  dyad_id: string;
  protocol_version: number;
  started_at: string;
  opened_at: string | null;
  /** The moment asked about: a diary begun in time can be finished when the study no longer lists its prompt. */
  prompt?: Pick<Prompt, 'id' | 'dyad_id' | 'due_at' | 'expires_at'>;
  answers: Record<string, Value>;
  timing: Record<string, number>;
}

export type OutboxKind = 'dyad' | 'assessment' | 'entry';

export interface OutboxRow {
  seq?: number;
  kind: OutboxKind;
  id: string;
  dyad_id: string;
  prompt_id: string | null;
  instrument: string | null;
  /** The exact request body and the SHA-256 of its UTF-8 bytes. */
  body: string;
  sha256: string;
  saved_at: string;
  state: 'waiting' | 'parked';
  /** Why the study refused it (an error code), once parked. */
  reason: string | null;
}

export interface Kept extends Pick<
  OutboxRow,
  'id' | 'kind' | 'dyad_id' | 'prompt_id' | 'instrument' | 'saved_at'
> {
  receipt: Receipt | null;
}

export interface SenderState {
  at: string;
  outcome: 'sent' | 'no_connection' | 'not_recognised' | 'study_unavailable' | 'wrong_receipt';
}

export type Database = IDBPDatabase<Tables>;

let opened: Promise<Database> | undefined;

export function database(): Promise<Database> {
  opened ??= openDB<Tables>('dyade', 1, {
    upgrade(db) {
      db.createObjectStore('singles');
      db.createObjectStore('protocols', { keyPath: 'version' });
      db.createObjectStore('roster', { keyPath: 'dyad_id' });
      db.createObjectStore('drafts', { keyPath: 'key' });
      db.createObjectStore('outbox', { keyPath: 'seq', autoIncrement: true }).createIndex('id', 'id', {
        unique: true,
      });
      db.createObjectStore('kept', { keyPath: 'id' });
    },
    blocking(_current, _blocked, event) {
      opened = undefined;
      (event.target as IDBDatabase).close();
    },
    terminated: () => (opened = undefined),
  }).catch((error: unknown) => {
    opened = undefined;
    throw error;
  });
  return opened;
}

export async function single<K extends keyof Singles>(name: K): Promise<Singles[K] | undefined> {
  return (await (await database()).get('singles', name)) as Singles[K] | undefined;
}

export async function keepSingle<K extends keyof Singles>(name: K, value: Singles[K]): Promise<void> {
  const tx = (await database()).transaction('singles', 'readwrite', { durability: 'strict' });
  await Promise.all([tx.store.put(value, name), tx.done]);
}
