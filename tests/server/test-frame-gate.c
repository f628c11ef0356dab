/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-frame-gate.h"

#include <string.h>

#define MESSAGE_SIZE 1048576
#define TURN 1000 /* frames: more than the short inputs here have */

#define TEXT 0x81
#define BINARY 0x82
#define FIRST_TEXT 0x01
#define NEXT 0x00
#define LAST 0x80
#define CLOSE 0x88
#define PING 0x89
#define PONG 0x8a

/* Bytes of a head, and what the gate says to them. */
typedef struct
{
  const char *name;
  guint8 bytes[20];
  gsize length;
  guint16 close_code;
  gsize passed;
} Case;

#define MASK 0, 0, 0, 0
#define MESSAGE_BEGINS FIRST_TEXT, 0x80, MASK

static const Case cases[] = {
  { "empty-text", { TEXT, 0x80, MASK }, 6, 0, 6 },
  { "empty-binary", { BINARY, 0x80, MASK }, 6, 0, 6 },
  { "empty-close", { CLOSE, 0x80, MASK }, 6, 0, 6 },
  { "close-of-one-byte", { CLOSE, 0x81, MASK, 0 }, 7, 0, 7 },
  { "two-fragments", { MESSAGE_BEGINS, LAST, 0x80, MASK }, 12, 0, 12 },
  { "three-fragments", { MESSAGE_BEGINS, NEXT, 0x80, MASK, LAST, 0x80, MASK }, 18, 0, 18 },
  { "ping-among-fragments", { MESSAGE_BEGINS, PING, 0x80, MASK, LAST, 0x80, MASK }, 18, 0, 18 },
  { "ping-of-125", { PING, 0xfd, MASK }, 6, 0, 6 },
  { "pong-of-125", { PONG, 0xfd, MASK }, 6, 0, 6 },
  { "close-of-125", { CLOSE, 0xfd, MASK }, 6, 0, 6 },
  { "length-125", { TEXT, 0xfd, MASK }, 6, 0, 6 },
  { "length-126", { TEXT, 0xfe, 0, 126, MASK }, 8, 0, 8 },
  { "length-65535", { TEXT, 0xfe, 0xff, 0xff, MASK }, 8, 0, 8 },
  { "length-65536", { TEXT, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, MASK }, 14, 0, 14 },
  { "length-of-the-bound", { TEXT, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0, MASK }, 14, 0, 14 },

  { "reserved-bit-1", { 0xc1, 0x80, MASK }, 6, 1002, 0 },
  { "reserved-bit-2", { 0xa1, 0x80, MASK }, 6, 1002, 0 },
  { "reserved-bit-3", { 0x91, 0x80, MASK }, 6, 1002, 0 },
  { "opcode-3", { 0x83, 0x80, MASK }, 6, 1002, 0 },
  { "opcode-7", { 0x87, 0x80, MASK }, 6, 1002, 0 },
  { "opcode-11", { 0x8b, 0x80, MASK }, 6, 1002, 0 },
  { "opcode-15", { 0x8f, 0x80, MASK }, 6, 1002, 0 },
  { "ping-in-fragments", { 0x09, 0x80, MASK }, 6, 1002, 0 },
  { "pong-in-fragments", { 0x0a, 0x80, MASK }, 6, 1002, 0 },
  { "close-in-fragments", { 0x08, 0x80, MASK }, 6, 1002, 0 },
  { "continues-nothing", { NEXT, 0x80, MASK }, 6, 1002, 0 },
  { "ends-nothing", { LAST, 0x80, MASK }, 6, 1002, 0 },
  { "continues-a-whole-message", { TEXT, 0x80, MASK, LAST, 0x80, MASK }, 12, 1002, 6 },
  { "text-in-a-message", { MESSAGE_BEGINS, TEXT, 0x80, MASK }, 12, 1002, 6 },
  { "binary-in-a-message", { MESSAGE_BEGINS, BINARY, 0x80, MASK }, 12, 1002, 6 },
  { "unmasked", { TEXT, 0x00 }, 2, 1002, 1 },
  { "unmasked-ping", { PING, 0x00 }, 2, 1002, 1 },
  { "ping-of-126", { PING, 0xfe, 0, 126, MASK }, 8, 1002, 1 },
  { "pong-of-126", { PONG, 0xfe, 0, 126, MASK }, 8, 1002, 1 },
  { "close-of-126", { CLOSE, 0xfe, 0, 126, MASK }, 8, 1002, 1 },
  { "ping-with-long-length", { PING, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, MASK }, 14, 1002, 1 },
  { "length-125-in-16-bit", { TEXT, 0xfe, 0, 125, MASK }, 8, 1002, 3 },
  { "length-65535-in-64-bit", { TEXT, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, MASK }, 14, 1002, 9 },
  { "length-top-bit", { TEXT, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, MASK }, 14, 1002, 9 },
  { "length-of-all-bits",
    { TEXT, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, MASK },
    14,
    1002,
    9 },
  { "length-past-the-bound", { TEXT, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 1, MASK }, 14, 1009, 9 },
  { "length-of-63-bits",
    { TEXT, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, MASK },
    14,
    1009,
    9 },
};

static void
test_frame_gate_case (gconstpointer data)
{
  const Case *one = data;
  ChannelsFrameGate gate;
  guint frames = TURN;
  guint16 close_code;
  gsize passed;

  g_test_summary ("A head passes, or is stopped at the byte that proves it wrong");

  channels_frame_gate_init (&gate, MESSAGE_SIZE);
  passed = channels_frame_gate_check (&gate, one->bytes, one->length, &frames, &close_code);

  g_assert_cmpuint (close_code, ==, one->close_code);
  g_assert_cmpuint (passed, ==, one->passed);
}

static void
test_frame_gate_case_by_bytes (gconstpointer data)
{
  const Case *one = data;
  ChannelsFrameGate gate;
  guint frames = TURN;
  guint16 close_code = 0;
  gsize passed = 0;

  g_test_summary ("Byte by byte the verdict is the same");

  channels_frame_gate_init (&gate, MESSAGE_SIZE);
  for (gsize i = 0; i < one->length && close_code == 0; i++)
    passed += channels_frame_gate_check (&gate, one->bytes + i, 1, &frames, &close_code);

  g_assert_cmpuint (close_code, ==, one->close_code);
  g_assert_cmpuint (passed, ==, one->passed);
}

/* Appends a frame's head and @length bytes of payload. */
static void
append_frame (GByteArray *stream, guint8 first, guint length)
{
  guint8 head[] = { first, 0x80, 0, 0, MASK };
  guint start;

  g_assert_cmpuint (length, <=, G_MAXUINT16);

  if (length < 126)
    {
      head[1] |= (guint8) length;
      g_byte_array_append (stream, head, 2);
      g_byte_array_append (stream, head + 4, 4);
    }
  else
    {
      head[1] |= 126;
      head[2] = (guint8) (length >> 8);
      head[3] = (guint8) length;
      g_byte_array_append (stream, head, 8);
    }

  start = stream->len;
  g_byte_array_set_size (stream, start + length);
  memset (stream->data + start, 0xff, length);
}

static gsize
check (ChannelsFrameGate *gate, GByteArray *stream, guint16 *out_close_code)
{
  guint frames = G_MAXUINT;

  return channels_frame_gate_check (gate, stream->data, stream->len, &frames, out_close_code);
}

static void
test_frame_gate_bounds_message (void)
{
  g_autoptr (GByteArray) fits = g_byte_array_new ();
  g_autoptr (GByteArray) too_big = g_byte_array_new ();
  ChannelsFrameGate gate;
  guint16 close_code;
  gsize passed;

  g_test_summary ("A message's bound holds over its fragments, to the byte; pings do not count");

  append_frame (fits, FIRST_TEXT, 600);
  append_frame (fits, PING, 100);
  append_frame (fits, LAST, 400);
  append_frame (fits, TEXT, 1000);
  append_frame (too_big, FIRST_TEXT, 600);
  append_frame (too_big, PING, 100);
  append_frame (too_big, LAST, 401);

  channels_frame_gate_init (&gate, 1000);
  passed = check (&gate, fits, &close_code);
  g_assert_cmpuint (close_code, ==, 0);
  g_assert_cmpuint (passed, ==, fits->len);

  passed = check (&gate, too_big, &close_code);
  g_assert_cmpuint (close_code, ==, 1009);
  g_assert_cmpuint (passed, ==, too_big->len - 401 - 5); /* payload, mask, end of the length */
}

static void
test_frame_gate_bounds_frames (void)
{
  g_autoptr (GByteArray) stream = g_byte_array_new ();
  ChannelsFrameGate gate;
  guint16 close_code;

  g_test_summary ("A message may have 262,144 frames, and not one more; pings do not count");

  g_assert_cmpuint (CHANNELS_FRAME_GATE_FRAMES_MAX, ==, 262144);

  append_frame (stream, FIRST_TEXT, 0);
  append_frame (stream, PING, 0);
  for (guint i = 2; i < CHANNELS_FRAME_GATE_FRAMES_MAX; i++)
    append_frame (stream, NEXT, 0);

  channels_frame_gate_init (&gate, MESSAGE_SIZE);
  check (&gate, stream, &close_code);
  g_assert_cmpuint (close_code, ==, 0);

  g_byte_array_set_size (stream, 0);
  append_frame (stream, LAST, 0);
  append_frame (stream, FIRST_TEXT, 0);
  check (&gate, stream, &close_code);
  g_assert_cmpuint (close_code, ==, 0);

  g_byte_array_set_size (stream, 0);
  for (guint i = 0; i < CHANNELS_FRAME_GATE_FRAMES_MAX; i++)
    append_frame (stream, NEXT, 0);
  check (&gate, stream, &close_code);
  g_assert_cmpuint (close_code, ==, 1008);
}

static void
test_frame_gate_stops_at_turn (void)
{
  g_autoptr (GByteArray) stream = g_byte_array_new ();
  ChannelsFrameGate gate;
  guint frames = 2;
  guint16 close_code;
  gsize passed;

  g_test_summary ("A turn ends between two frames, and the next one goes on from there");

  append_frame (stream, TEXT, 10);
  append_frame (stream, PING, 0);
  append_frame (stream, TEXT, 20);

  channels_frame_gate_init (&gate, MESSAGE_SIZE);
  passed = channels_frame_gate_check (&gate, stream->data, stream->len, &frames, &close_code);
  g_assert_cmpuint (close_code, ==, 0);
  g_assert_cmpuint (passed, ==, 16 + 6);
  g_assert_cmpuint (frames, ==, 0);

  frames = 2;
  passed =
      channels_frame_gate_check (&gate, stream->data + 22, stream->len - 22, &frames, &close_code);
  g_assert_cmpuint (close_code, ==, 0);
  g_assert_cmpuint (passed, ==, 26);
  g_assert_cmpuint (frames, ==, 1);
}

static void
test_frame_gate_ends_begun_frame (void)
{
  g_autoptr (GByteArray) stream = g_byte_array_new ();
  ChannelsFrameGate gate;
  guint frames = 1;
  guint16 close_code;

  g_test_summary ("With no frame left to begin, one that has begun still comes to its end");

  append_frame (stream, TEXT, 10);
  append_frame (stream, TEXT, 10);

  channels_frame_gate_init (&gate, MESSAGE_SIZE);
  g_assert_cmpuint (channels_frame_gate_check (&gate, stream->data, 3, &frames, &close_code), ==,
                    3);
  frames = 0;
  g_assert_cmpuint (
      channels_frame_gate_check (&gate, stream->data + 3, stream->len - 3, &frames, &close_code),
      ==, 13);
  g_assert_cmpuint (close_code, ==, 0);
  g_assert_cmpuint (frames, ==, 0);
}

static void
test_frame_gate_takes_nothing (void)
{
  ChannelsFrameGate gate;
  guint frames = 1;
  guint16 close_code;

  g_test_summary ("No bytes change nothing");

  channels_frame_gate_init (&gate, MESSAGE_SIZE);
  g_assert_cmpuint (channels_frame_gate_check (&gate, NULL, 0, &frames, &close_code), ==, 0);

  g_assert_cmpuint (close_code, ==, 0);
  g_assert_cmpuint (frames, ==, 1);
}

static void
test_frame_gate_is_small (void)
{
  g_test_summary ("Ten thousand browsers' gates cost half a megabyte");

  g_assert_cmpuint (sizeof (ChannelsFrameGate), <=, 48);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *whole = g_strconcat ("/frame-gate/whole/", cases[i].name, NULL);
      g_autofree char *by_bytes = g_strconcat ("/frame-gate/by-bytes/", cases[i].name, NULL);

      g_test_add_data_func (whole, &cases[i], test_frame_gate_case);
      g_test_add_data_func (by_bytes, &cases[i], test_frame_gate_case_by_bytes);
    }

  g_test_add_func ("/frame-gate/bounds/message", test_frame_gate_bounds_message);
  g_test_add_func ("/frame-gate/bounds/frames", test_frame_gate_bounds_frames);
  g_test_add_func ("/frame-gate/turn/stops", test_frame_gate_stops_at_turn);
  g_test_add_func ("/frame-gate/turn/ends-begun-frame", test_frame_gate_ends_begun_frame);
  g_test_add_func ("/frame-gate/takes-nothing", test_frame_gate_takes_nothing);
  g_test_add_func ("/frame-gate/is-small", test_frame_gate_is_small);

  return g_test_run ();
}
