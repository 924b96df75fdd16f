/** The shapes that go over the wire: the service's own description of them, and what it leaves open. */
import type { Protocol, Text, Value } from '../engine/protocol';
import type { components } from './api.gen';

type Shapes = components['schemas'];

/** The description says "any object" where a study's document stands. */
export type Lookup = Omit<Shapes['InvitationShape'], 'terms'> & { terms: Record<string, Text> };
export type PublishedProtocol = Omit<Shapes['ProtocolShape'], 'protocol'> & { protocol: Protocol };

export type Consent = Omit<Shapes['ConsentGiven'], 'agreed'>;
export type Me = Shapes['Me'];
export type Prompt = Shapes['PromptShape'];
export type Prompts = Shapes['PromptList'];
export type Receipt = Shapes['Receipt'];
export type Subscription = Shapes['SubscriptionGiven'];

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

/** The payload of a push message, decrypted. */
export interface PushPayload {
  notification?: { title?: string; body?: string; navigate?: string; tag?: string; lang?: string };
  template?: string;
  prompt?: { id: string; dyad_id: string; due_at: string; expires_at: string };
}
