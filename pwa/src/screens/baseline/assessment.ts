import type { Draft } from '../../lib/db';
import type { AssessmentBody } from '../../lib/wire';

export interface Circumstances {
  study: string;
  instrument: string;
  zone: string;
  language: string;
  completed_at: string;
}

/** The completed questionnaire as it will be sent: these exact bytes are stored, hashed and sent. */
export function assessmentBody(draft: Draft, at: Circumstances): string {
  const body: AssessmentBody = {
    assessment_id: draft.id,
    dyad_id: draft.dyad_id,
    instrument: at.instrument,
    wave: 'baseline',
    study: at.study,
    protocol_version: draft.protocol_version,
    started_at: draft.started_at,
    completed_at: at.completed_at,
    zone: at.zone,
    language: at.language,
    answers: draft.answers,
    timing: draft.timing,
  };
  return JSON.stringify(body);
}
