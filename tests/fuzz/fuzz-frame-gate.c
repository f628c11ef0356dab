/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "fuzz.h"

#include "channels-frame-gate.h"

/* However a browser's bytes are cut up on their way, as many of them pass, and the verdict is the
 * same. The first byte chooses how many frames a turn has, the second the seed of the cuts; the
 * bound on a message is small, so that inputs of a few bytes reach it. */

#define MESSAGE_SIZE 1000
#define STEP_MAX 24

typedef struct
{
  gsize passed;
  guint frames;
  guint16 close_code;
} Verdict;

/* Gives the gate @data in steps of 1 to @step_max bytes, drawn from @seed. */
static Verdict
judge (const guint8 *data, gsize size, guint frames, guint32 seed, gsize step_max)
{
  Verdict verdict = { .frames = frames };
  ChannelsFrameGate gate;
  gboolean stopped = FALSE;

  channels_frame_gate_init (&gate, MESSAGE_SIZE);

  while (verdict.passed < size && !stopped)
    {
      gsize step;
      gsize passed;

      seed = seed * 1664525 + 1013904223;
      step = MIN (1 + (seed >> 16) % step_max, size - verdict.passed);
      passed = channels_frame_gate_check (&gate, data + verdict.passed, step, &verdict.frames,
                                          &verdict.close_code);

      g_assert_cmpuint (passed, <=, step);
      g_assert_cmpuint (gate.message_length, <=, MESSAGE_SIZE);
      verdict.passed += passed;
      stopped = passed < step;
    }

  g_assert_true (verdict.close_code == 0 || verdict.close_code == 1002 ||
                 verdict.close_code == 1008 || verdict.close_code == 1009);

  return verdict;
}

static Verdict
judge_whole (const guint8 *data, gsize size, guint frames)
{
  Verdict verdict = { .frames = frames };
  ChannelsFrameGate gate;

  channels_frame_gate_init (&gate, MESSAGE_SIZE);
  verdict.passed =
      channels_frame_gate_check (&gate, data, size, &verdict.frames, &verdict.close_code);

  return verdict;
}

static void
assert_same (Verdict a, Verdict b)
{
  g_assert_cmpuint (a.passed, ==, b.passed);
  g_assert_cmpuint (a.frames, ==, b.frames);
  g_assert_cmpuint (a.close_code, ==, b.close_code);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  Verdict whole;

  if (size < 2)
    return 0;

  whole = judge_whole (data + 2, size - 2, data[0]);
  assert_same (whole, judge (data + 2, size - 2, data[0], 0, 1));
  assert_same (whole, judge (data + 2, size - 2, data[0], data[1], STEP_MAX));

  return 0;
}
