/** The shapes that go over the wire, as the service describes them. */
import type { Protocol, Text, Value } from '../engine/protocol';

export interface Lookup {
  study: string;
  title: Text;
  languages: string[];
  terms: Record<string, Text>;
  consent: { version: number; text: Text; text_sha256: Text };
}

export interface Consent {
  version: number;
  language: string;
  text_sha256: string;
}

export interface Me {
  pseudonym: string;
  study: string;
  title: Text;
  language: string;
  zone: string;
  protocol_version: number;
  simulated: boolean;
  vapid_public_key: string;
  dyads: { dyad_id: string; started_on: string; baseline: string[] }[];
}

export interface PublishedProtocol {
  study: string;
  version: number;
  sha256: string;
  protocol: Protocol;
}

export interface Prompt {
  id: string;
  dyad_id: string;
  slot?: string;
  due_at: string;
  expires_at: string;
  state: string;
}

export interface Receipt {
  id: string;
  content_sha256: string;
  kept: 'stored' | 'conflict' | 'quarantined';
  reason: string | null;
  received_at: string;
}

export interface AssessmentBody {
  assessment_id: string;
  dyad_id: string;
  instrument: string;
  wave: 'baseline';
  study: string;
  protocol_version: number;
  started_at: string;
  completed_at: string;
  zone: string;
  language: string;
  answers: Record<string, Value>;
  timing: Record<string, number>;
}

export interface EntryBody {
  entry_id: string;
  dyad_id: string;
  prompt_id: string | null;
  study: string;
  protocol_version: number;
  started_at: string;
  opened_at: string | null;
  completed_at: string;
  zone: string;
  language: string;
  answers: Record<string, Value>;
  not_asked: string[];
  timing: Record<string, number>;
}

export interface Refusal {
  code: string;
  sentence: string;
}

/** The payload of a push message, decrypted. */
export interface PushPayload {
  notification?: { title?: string; body?: string; navigate?: string; tag?: string; lang?: string };
  template?: string;
  prompt?: { id: string; dyad_id: string; due_at: string; expires_at: string };
}
