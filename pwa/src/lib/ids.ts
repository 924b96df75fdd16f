/** 16 random bytes as 32 lowercase hex characters: dyads, entries, assessments. */
export function newId(): string {
  return hex(crypto.getRandomValues(new Uint8Array(16)));
}

export function newDeviceToken(): string {
  return 'dyt_' + base64url(crypto.getRandomValues(new Uint8Array(32)));
}

/** Over the exact UTF-8 bytes that go over the wire. */
export async function sha256(body: string): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(body))));
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

export function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) =>
    letter.charCodeAt(0),
  );
}
