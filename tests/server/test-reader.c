/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-reader.h"

#include "ws-client.h"

#include <string.h>

#define MESSAGE_SIZE 1024
#define TURN 256 /* frames */

/* Bytes of a message whose length has two bytes. */
#define LONG_TEXT 300

typedef struct
{
  GMainContext *parking; /* (owned) */
  ChannelsReader reader;
  GByteArray *frames; /* (owned): what the browser sends */
  guint heard;
} Fixture;

static void
on_text (GBytes *message, gpointer owner)
{
  Fixture *fixture = owner;

  fixture->heard++;
}

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  fixture->parking = g_main_context_new ();
  fixture->frames = g_byte_array_new ();
  channels_reader_init (&fixture->reader, fixture->parking, NULL);
  fixture->reader.text = on_text;
  fixture->reader.owner = fixture;
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  channels_reader_clear (&fixture->reader);
  g_byte_array_unref (fixture->frames);
  g_main_context_unref (fixture->parking);
}

static void
append_frames (Fixture *fixture, guint8 first, guint count)
{
  for (guint i = 0; i < count; i++)
    ws_client_append_frame (fixture->frames, first, "x", first == WS_TEXT ? 1 : 0);
}

static guint16
take (Fixture *fixture)
{
  return channels_reader_take (&fixture->reader, fixture->frames->data, fixture->frames->len);
}

static void
test_reader_takes_a_turn (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("As many frames as a turn may have are heard in one, and nothing is held");

  channels_reader_park (&fixture->reader, MESSAGE_SIZE, NULL);
  append_frames (fixture, WS_TEXT, TURN);

  g_assert_cmpuint (take (fixture), ==, 0);
  g_assert_cmpuint (fixture->heard, ==, TURN);
  g_assert_null (fixture->reader.held);
}

static void
test_reader_holds_one_more (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("One frame more than a turn may have waits for the next");

  channels_reader_park (&fixture->reader, MESSAGE_SIZE, NULL);
  append_frames (fixture, WS_TEXT, TURN + 1);

  g_assert_cmpuint (take (fixture), ==, 0);
  g_assert_cmpuint (fixture->heard, ==, TURN);
  g_assert_nonnull (fixture->reader.held);

  g_assert_cmpuint (channels_reader_take_held (&fixture->reader), ==, 0);
  g_assert_cmpuint (fixture->heard, ==, TURN + 1);
  g_assert_null (fixture->reader.held);
}

static void
test_reader_counts_control_frames (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("Pongs, which nobody answers, are frames of a turn as well");

  channels_reader_park (&fixture->reader, MESSAGE_SIZE, NULL);
  append_frames (fixture, WS_PONG, TURN);
  append_frames (fixture, WS_TEXT, 1);

  g_assert_cmpuint (take (fixture), ==, 0);
  g_assert_cmpuint (fixture->heard, ==, 0);
  g_assert_cmpuint (channels_reader_take_held (&fixture->reader), ==, 0);
  g_assert_cmpuint (fixture->heard, ==, 1);
}

static void
test_reader_bounds_early_frames (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GBytes) early = NULL;

  g_test_summary ("What came with the request has its turn as anything else");

  append_frames (fixture, WS_TEXT, TURN + 1);
  early = g_bytes_new (fixture->frames->data, fixture->frames->len);
  channels_reader_park (&fixture->reader, MESSAGE_SIZE, early);

  g_assert_cmpuint (channels_reader_take_held (&fixture->reader), ==, 0);
  g_assert_cmpuint (fixture->heard, ==, TURN);
  g_assert_nonnull (fixture->reader.held);
}

static void
test_reader_hears_pieces (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *text = g_strnfill (LONG_TEXT, 'x');
  guint heard = 0;
  gsize first;

  g_test_summary ("A message in one frame is heard with its last piece, wherever it is cut");

  channels_reader_park (&fixture->reader, MESSAGE_SIZE, NULL);
  ws_client_append_frame (fixture->frames, WS_TEXT, text, LONG_TEXT);
  first = fixture->frames->len;
  append_frames (fixture, WS_TEXT, 1);

  for (gsize cut = first - LONG_TEXT; cut < first; cut++)
    {
      const guint8 *frames = fixture->frames->data;

      g_assert_cmpuint (channels_reader_take (&fixture->reader, frames, cut), ==, 0);
      g_assert_cmpuint (fixture->heard, ==, heard);
      g_assert_cmpuint (channels_reader_take (&fixture->reader, frames + cut, 1), ==, 0);
      g_assert_cmpuint (
          channels_reader_take (&fixture->reader, frames + cut + 1, fixture->frames->len - cut - 1),
          ==, 0);
      heard += 2;
      g_assert_cmpuint (fixture->heard, ==, heard);
    }
  g_assert_null (fixture->reader.begun);
}

static void
test_reader_drops_what_has_no_end (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *text = g_strnfill (LONG_TEXT, 'x');

  g_test_summary ("Of a message that is begun nothing is kept when the browser ends");

  channels_reader_park (&fixture->reader, MESSAGE_SIZE, NULL);
  ws_client_append_frame (fixture->frames, WS_TEXT, text, LONG_TEXT);
  g_byte_array_set_size (fixture->frames, LONG_TEXT);
  take (fixture);
  g_assert_nonnull (fixture->reader.begun);
  channels_reader_end (&fixture->reader);

  g_assert_null (fixture->reader.begun);
  g_assert_cmpuint (fixture->heard, ==, 0);
}

static void
test_reader_stops_at_a_violation (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("Of what stands behind a violation nothing is heard, nor held");

  channels_reader_park (&fixture->reader, MESSAGE_SIZE, NULL);
  append_frames (fixture, WS_TEXT, 1);
  g_byte_array_append (fixture->frames, (const guint8 *) "\x83\x80\0\0\0\0", 6);
  append_frames (fixture, WS_TEXT, 1);

  g_assert_cmpuint (take (fixture), ==, 1002);
  g_assert_cmpuint (fixture->heard, ==, 1);
  g_assert_null (fixture->reader.held);
}

#define add(path, test) g_test_add ("/reader/" path, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("turn/whole", test_reader_takes_a_turn);
  add ("turn/past-it", test_reader_holds_one_more);
  add ("turn/control-frames", test_reader_counts_control_frames);
  add ("turn/early", test_reader_bounds_early_frames);
  add ("pieces", test_reader_hears_pieces);
  add ("end", test_reader_drops_what_has_no_end);
  add ("violation", test_reader_stops_at_a_violation);

  return g_test_run ();
}
