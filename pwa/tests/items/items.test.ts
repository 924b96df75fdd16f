import { fireEvent, render, screen, within } from '@testing-library/svelte';
import axe from 'axe-core';
import { describe, expect, it, vi } from 'vitest';
import type { Item, Point, Scales, Value } from '../../src/engine/protocol';

const label = (nl: string) => ({ nl, en: nl });
const points = (...labels: string[]): Point[] =>
  labels.map((text, i) => ({ value: i + 1, label: label(text) }));
const SCALES: Scales = {
  five: points('helemaal niet', 'een beetje', 'nogal', 'sterk', 'heel sterk'),
  seven: points('a', 'b', 'c', 'd', 'e', 'f', 'g'),
  long: points('onwaarschijnlijkheid', 'ja'),
};

async function show(item: Item, value?: Value, isGap = false) {
  const { default: ItemView } = await import('../../src/items/ItemView.svelte');
  const onChange = vi.fn<(value: Value | undefined) => void>();
  const view = render(ItemView, { item, scales: SCALES, dyadId: 'd1', value, isGap, onChange });
  return { ...view, onChange, radios: () => screen.getAllByRole<HTMLInputElement>('radio') };
}

describe('yes_no', () => {
  const item: Item = { id: 'happened', kind: 'yes_no', text: label('Gebeurde er iets?') };

  it('starts with nothing chosen and gives true and false', async () => {
    const { radios, onChange } = await show(item);
    expect(radios().map(({ name, value, checked }) => [name, value, checked])).toEqual([
      ['happened', 'true', false],
      ['happened', 'false', false],
    ]);
    await fireEvent.click(radios()[1]!);
    expect(onChange).toHaveBeenLastCalledWith(false);
  });

  it('shows the answer it is given, also when that is no', async () => {
    const { radios } = await show(item, false);
    expect(radios().map(({ checked }) => checked)).toEqual([false, true]);
  });
});

describe('scale', () => {
  const item: Item = { id: 'joy', kind: 'scale', points: 'five', text: label('Plezier') };

  it('starts with nothing chosen, every point labelled, and gives the number', async () => {
    const { radios, onChange } = await show(item);
    expect(radios().some(({ checked }) => checked)).toBe(false);
    await fireEvent.click(screen.getByLabelText('heel sterk'));
    expect(onChange).toHaveBeenLastCalledWith(5);
  });

  it('puts five points in a row, more of them or longer words in a list', async () => {
    const row = await show(item);
    expect(row.container.querySelectorAll('label.column')).toHaveLength(5);
    row.unmount();
    const list = await show({ ...item, points: 'seven' });
    expect(list.container.querySelectorAll('label.line')).toHaveLength(7);
    list.unmount();
    const long = await show({ ...item, points: 'long' });
    expect(long.container.querySelectorAll('label.line')).toHaveLength(2);
  });

  it('takes its points from the item itself in an instrument', async () => {
    const { radios } = await show({ ...item, points: points('niet', 'wel') }, 2);
    expect(radios().map(({ checked }) => checked)).toEqual([false, true]);
  });
});

describe('choice', () => {
  const options = [
    { value: 'refusal', label: label('Weigeren') },
    { value: 'other', label: label('Iets anders') },
  ];
  const item: Item = { id: 'kind', kind: 'choice', options, text: label('Wat gebeurde er?') };

  it('starts with nothing chosen and gives the value', async () => {
    const { radios, onChange } = await show(item);
    expect(radios().some(({ checked }) => checked)).toBe(false);
    await fireEvent.click(screen.getByLabelText('Iets anders'));
    expect(onChange).toHaveBeenLastCalledWith('other');
  });
});

describe('every item', () => {
  const item: Item = {
    id: 'joy',
    kind: 'scale',
    points: 'five',
    text: label('Over {nickname}'),
    help: label('Uitleg'),
  };

  it('is a group named by its question and described by its help and its gap', async () => {
    const { container } = await show(item, undefined, true);
    const group = screen.getByTestId('item-joy');
    expect(within(group).getByText('Uitleg').id).toBe('joy-help');
    expect(group.getAttribute('aria-describedby')).toBe('joy-help joy-gap');
    const { violations } = await axe.run(container, {
      rules: { 'color-contrast': { enabled: false }, region: { enabled: false } },
    });
    expect(violations).toEqual([]);
  });

  it('can be cleared only when it need not be answered', async () => {
    const required = await show(item, 3);
    expect(screen.queryByRole('button')).toBeNull();
    required.unmount();
    const { onChange } = await show({ ...item, required: false }, 3);
    await fireEvent.click(screen.getByRole('button'));
    expect(onChange).toHaveBeenLastCalledWith(undefined);
  });
});
