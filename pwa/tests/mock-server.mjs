// A stand-in for the service while working on the app: `node tests/mock-server.mjs [port]` serves dist and answers the
// API from memory. POST /_mock {"fail": 503 | "drop" | null} makes everything that is sent to it fail; GET /_mock shows what arrived.
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { load } from 'js-yaml';

const PORT = Number(process.argv[2] ?? 8123);
const ROOT = join(import.meta.dirname, '../dist');
const STUDIES = join(import.meta.dirname, '../../studies');
const yaml = (name) => load(readFileSync(join(STUDIES, name), 'utf8'));
const protocol = yaml('teacher-diary.yaml');
protocol.instruments = Object.fromEntries(
  protocol.instruments.map((name) => [name, yaml(`instruments/${name}.yaml`)]),
);
const sha = (text) => createHash('sha256').update(text).digest('hex');
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
  "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};

const state = {
  fail: null,
  tokens: {},
  dyads: {},
  kept: {},
  bodies: {},
  prompts: [],
  sightings: [],
  subscription: null,
  paths: [],
};

const me = (token) => ({
  pseudonym: 'P-7KQ4-M2X9',
  study: protocol.study,
  title: protocol.title,
  language: state.tokens[token].language,
  zone: state.tokens[token].zone,
  protocol_version: 1,
  simulated: false,
  vapid_public_key: 'BEl62iUYgUivxIkv69yViEuiBIa-Ib9-SkvMeAtA3LFgDzkrxZJjSgSnfckjBJuBkr3qBUYIHBQFLXYp5Nksh8U',
  dyads: Object.values(state.dyads),
});

function plan(dyad_id) {
  const turn = Object.keys(state.dyads).length - 1;
  const at = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString();
  const add = (from, to) =>
    state.prompts.push({
      id: randomBytes(16).toString('hex'),
      dyad_id,
      slot: 's',
      due_at: at(from),
      expires_at: at(to),
      state: 'planned',
    });
  if (turn === 0) add(-5, 240);
  add(60 * (20 + 5 * turn), 60 * (26 + 5 * turn));
}

const routes = [
  [
    'POST',
    /^\/invitations\/lookup$/,
    ({ body }) =>
      body.code === 'WELKOM-1'
        ? [
            200,
            {
              study: protocol.study,
              title: protocol.title,
              languages: protocol.languages,
              terms: protocol.terms,
              consent: {
                version: 1,
                text: protocol.consent.text,
                text_sha256: { nl: sha(protocol.consent.text.nl), en: sha(protocol.consent.text.en) },
              },
            },
          ]
        : [404, { code: 'invitation_unusable', sentence: 'This invitation cannot be used.' }],
  ],
  [
    'POST',
    /^\/enrolments$/,
    ({ body }) => {
      if (body.code !== 'WELKOM-1')
        return [404, { code: 'invitation_unusable', sentence: 'This invitation cannot be used.' }];
      state.tokens[body.device_token] = body;
      return [201, me(body.device_token)];
    },
  ],
  ['GET', /^\/me$/, ({ token }) => [200, me(token)]],
  ['GET', /^\/protocol$/, () => [200, { study: protocol.study, version: 1, sha256: 'x', protocol }]],
  ['GET', /^\/prompts$/, () => [200, { as_of: new Date().toISOString(), prompts: state.prompts }]],
  [
    'PUT',
    /^\/dyads\/(\w+)$/,
    ({ id, body }) => {
      if (!state.dyads[id]) {
        if (Object.keys(state.dyads).length >= 2) return [409, { code: 'dyads_full', sentence: 'Full.' }];
        state.dyads[id] = { dyad_id: id, started_on: body.started_on, baseline: [] };
        plan(id);
      }
      return [200, { dyad_id: id, started_on: state.dyads[id].started_on }];
    },
  ],
  [
    'PUT',
    /^\/(?:entries|assessments)\/(\w+)$/,
    ({ id, body, raw }) => {
      const key = `${id}:${sha(raw)}`;
      if (body.instrument) state.dyads[body.dyad_id]?.baseline.push(body.instrument);
      const prompt = state.prompts.find((known) => known.id === body.prompt_id);
      if (prompt) prompt.state = 'answered';
      state.bodies[id] = raw;
      state.kept[key] ??= {
        id,
        content_sha256: sha(raw),
        kept: 'stored',
        reason: null,
        received_at: new Date().toISOString(),
      };
      return [200, state.kept[key]];
    },
  ],
  ['PUT', /^\/prompts\/(\w+)\/sighting$/, ({ id, body }) => (state.sightings.push({ id, ...body }), [204])],
  ['PUT', /^\/push-subscription$/, ({ body }) => ((state.subscription = body), [204])],
  ['DELETE', /^\/push-subscription$/, () => ((state.subscription = null), [204])],
];

function answerApi(method, path, token, raw) {
  state.paths.push(`${method} ${path}`);
  const route = routes.find(([verb, pattern]) => verb === method && pattern.test(path));
  if (!route) return [404, { code: 'not_found', sentence: 'No such thing.' }];
  const open = path === '/enrolments' || path.startsWith('/invitations/');
  if (!open && !state.tokens[token]) return [401, { code: 'not_signed_in', sentence: 'Unknown device.' }];
  return route[2]({ id: route[1].exec(path)[1], token, raw, body: raw ? JSON.parse(raw) : undefined });
}

function sendFile(path, response) {
  const file = path === '/app' || !extname(path) ? '/app/index.html' : path;
  try {
    const content = readFileSync(join(ROOT, file));
    const caching = file.startsWith('/app/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
    response.writeHead(200, {
      'Content-Type': TYPES[extname(file)] ?? 'text/plain',
      'Content-Security-Policy': CSP,
      'Cache-Control': caching,
    });
    response.end(content);
  } catch {
    response.writeHead(404).end();
  }
}

createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost');
  let raw = '';
  for await (const part of request.setEncoding('utf8')) raw += part;
  const reply = (status, body) =>
    response
      .writeHead(status, { 'Content-Type': 'application/json' })
      .end(body === undefined ? '' : JSON.stringify(body));
  if (pathname === '/_mock') {
    if (request.method === 'POST') Object.assign(state, JSON.parse(raw));
    return reply(200, state);
  }
  if (!pathname.startsWith('/api/v1')) return sendFile(pathname, response);
  if (state.fail === 'drop') return request.socket.destroy();
  if (state.fail) return reply(state.fail, { code: 'mock', sentence: 'Failing as asked.' });
  const token = (request.headers.authorization ?? '').replace('Bearer ', '');
  return reply(...answerApi(request.method, pathname.slice('/api/v1'.length), token, raw));
}).listen(PORT, () => console.log(`http://localhost:${PORT}/app/join#WELKOM-1`));
