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
  guint n_heard;
  GString *heard; /* (owned): each message, behind `1:` where it is text and `0:` where not */
} Fixture;

static void
on_message (gboolean is_text, GBytes *message, gpointer owner)
{
  Fixture *fixture = owner;
  gsize size;
  const char *text = g_bytes_get_data (message, &size);

  fixture->n_heard++;
  g_string_append (fixture->heard, is_text ? "1:" : "0:");
  g_string_append_len (fixture->heard, text, size);
  g_string_append_c (fixture->heard, ';');
  g_assert_cmpint (text[size], ==, '\0');
}

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  fixture->parking = g_main_context_new ();
  fixture->frames = g_byte_array_new ();
  fixture->heard = g_string_new (NULL);
  channels_reader_init (&fixture->reader, fixture->parking, NULL);
  fixture->reader.func = on_message;
  fixture->reader.owner = fixture;
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  channels_reader_clear (&fixture->reader);
  g_byte_array_unref (fixture->frames);
  g_string_free (fixture->heard, TRUE);
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
  g_assert_cmpuint (fixture->n_heard, ==, TURN);
  g_assert_null (fixture->reader.held);
}

static void
test_reader_holds_one_more (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("One frame more than a turn may have waits for the next");

  channels_reader_park (&fixture->reader, MESSAGE_SIZE, NULL);
  append_frames (fixture, WS_TEXT, TURN + 1);

  g_assert_cmpuint (take (fixture), ==, 0);
  g_assert_cmpuint (fixture->n_heard, ==, TURN);
  g_assert_nonnull (fixture->reader.held);

  g_assert_cmpuint (channels_reader_take_held (&fixture->reader), ==, 0);
  g_assert_cmpuint (fixture->n_heard, ==, TURN + 1);
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
  g_assert_cmpuint (fixture->n_heard, ==, 0);
  g_assert_cmpuint (channels_reader_take_held (&fixture->reader), ==, 0);
  g_assert_cmpuint (fixture->n_heard, ==, 1);
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
  g_assert_cmpuint (fixture->n_heard, ==, TURN);
  g_assert_nonnull (fixture->reader.held);
}

static void
assert_heard_bytes (Fixture *fixture, const char *expected, gsize size)
{
  g_assert_cmpmem (fixture->heard->str, fixture->heard->len, expected, size);
  g_string_truncate (fixture->heard, 0);
}

static void
assert_heard (Fixture *fixture, const char *expected)
{
  assert_heard_bytes (fixture, expected, strlen (expected));
}

static void
test_reader_hears_pieces (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *text = g_strnfill (LONG_TEXT, 'x');
  g_autofree char *expected = g_strconcat ("1:", text, ";1:x;", NULL);
  gsize first;

  g_test_summary ("A message in one frame is heard with its last piece, wherever it is cut");

  channels_reader_park (&fixture->reader, MESSAGE_SIZE, NULL);
  ws_client_append_frame (fixture->frames, WS_TEXT, text, LONG_TEXT);
  first = fixture->frames->len;
  append_frames (fixture, WS_TEXT, 1);

  for (gsize cut = 1; cut < first; cut++)
    {
      const guint8 *frames = fixture->frames->data;

      g_assert_cmpuint (channels_reader_take (&fixture->reader, frames, cut), ==, 0);
      assert_heard (fixture, "");
      g_assert_cmpuint (channels_reader_take (&fixture->reader, frames + cut, 1), ==, 0);
      g_assert_cmpuint (
          channels_reader_take (&fixture->reader, frames + cut + 1, fixture->frames->len - cut - 1),
          ==, 0);
      assert_heard (fixture, expected);
    }
  g_assert_null (fixture->reader.frame);
}

static void
append (Fixture *fixture, guint8 first, const char *payload)
{
  ws_client_append_frame (fixture->frames, first, payload, strlen (payload));
}

static void
test_reader_joins_fragments (Fixture *fixture, gconstpointer unused)
{
  static const char expected[] = "1:before;1:aéz;0:\xff;0:\xfe;1:é\0é\0;";

  g_test_summary ("A message in frames is heard as one, with control frames between, however cut");

  channels_reader_park (&fixture->reader, MESSAGE_SIZE, NULL);
  append (fixture, WS_TEXT, "before");
  append (fixture, WS_TEXT_FIRST, "a\xc3");
  append (fixture, WS_PONG, "pong");
  append (fixture, WS_CONTINUATION, "");
  append (fixture, WS_CONTINUATION, "\xa9");
  append (fixture, WS_PONG, "");
  append (fixture, WS_CONTINUATION_LAST, "z");
  append (fixture, WS_BINARY_FIRST, "");
  append (fixture, WS_CONTINUATION_LAST, "\xff");
  append (fixture, WS_BINARY, "\xfe");
  ws_client_append_frame (fixture->frames, WS_TEXT, "é\0é\0", 6);

  for (gsize step = 1; step <= fixture->frames->len; step++)
    {
      for (gsize at = 0; at < fixture->frames->len; at += step)
        g_assert_cmpuint (channels_reader_take (&fixture->reader, fixture->frames->data + at,
                                                MIN (step, fixture->frames->len - at)),
                          ==, 0);
      assert_heard_bytes (fixture, expected, sizeof expected - 1);
    }
  g_assert_null (fixture->reader.frame);
  g_assert_null (fixture->reader.message);
}

static void
test_reader_refuses_bad_text (Fixture *fixture, gconstpointer unused)
{
  static const char *const bad[] = { "\xc3", "a\xff", "\xed\xa0\x80", "\xf4\x90\x80\x80" };

  g_test_summary ("A text that is not UTF-8 is not heard, in frames or whole");

  channels_reader_park (&fixture->reader, MESSAGE_SIZE, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      append (fixture, WS_TEXT, bad[i]);
      append (fixture, WS_TEXT_FIRST, bad[i]);
      append (fixture, WS_CONTINUATION_LAST, "a");
    }
  ws_client_append_frame (fixture->frames, WS_TEXT, "\0\xc3", 2);

  g_assert_cmpuint (take (fixture), ==, 0);
  assert_heard (fixture, "");
}

static void
test_reader_drops_what_has_no_end (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *text = g_strnfill (LONG_TEXT, 'x');

  g_test_summary ("Of a message that is begun nothing is kept when the browser ends");

  channels_reader_park (&fixture->reader, MESSAGE_SIZE, NULL);
  append (fixture, WS_TEXT_FIRST, "begun");
  ws_client_append_frame (fixture->frames, WS_CONTINUATION_LAST, text, LONG_TEXT);
  g_byte_array_set_size (fixture->frames, LONG_TEXT);
  take (fixture);
  g_assert_nonnull (fixture->reader.frame);
  g_assert_nonnull (fixture->reader.message);
  channels_reader_end (&fixture->reader);

  g_assert_null (fixture->reader.frame);
  g_assert_null (fixture->reader.message);
  assert_heard (fixture, "");
}

static void
test_reader_bounds_fragments (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *text = g_strnfill (MESSAGE_SIZE - 1, 'x');
  g_autofree char *expected = g_strconcat ("1:", text, "y;", NULL);

  g_test_summary ("A message in frames may have as many bytes as one in one frame, and no more");

  channels_reader_park (&fixture->reader, MESSAGE_SIZE, NULL);
  append (fixture, WS_TEXT_FIRST, text);
  append (fixture, WS_CONTINUATION_LAST, "y");
  g_assert_cmpuint (take (fixture), ==, 0);
  assert_heard (fixture, expected);

  g_byte_array_set_size (fixture->frames, 0);
  append (fixture, WS_TEXT_FIRST, text);
  append (fixture, WS_CONTINUATION_LAST, "yz");
  g_assert_cmpuint (take (fixture), ==, 1009);
  assert_heard (fixture, "");
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
  g_assert_cmpuint (fixture->n_heard, ==, 1);
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
  add ("fragments/joined", test_reader_joins_fragments);
  add ("fragments/bound", test_reader_bounds_fragments);
  add ("bad-text", test_reader_refuses_bad_text);
  add ("end", test_reader_drops_what_has_no_end);
  add ("violation", test_reader_stops_at_a_violation);

  return g_test_run ();
}
