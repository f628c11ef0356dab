/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-frame.h"

#include <string.h>

/* A length of payload, and the head that RFC 6455, 5.2, has for it. */
typedef struct
{
  const char *path;
  gsize length;
  guint8 head[10];
  gsize head_size;
} Case;

static const Case cases[] = {
  { "/frame/length/0", 0, { 0x81, 0 }, 2 },
  { "/frame/length/1", 1, { 0x81, 1 }, 2 },
  { "/frame/length/125", 125, { 0x81, 125 }, 2 },
  { "/frame/length/126", 126, { 0x81, 126, 0, 126 }, 4 },
  { "/frame/length/65535", 65535, { 0x81, 126, 0xff, 0xff }, 4 },
  { "/frame/length/65536", 65536, { 0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0 }, 10 },
};

static void
test_frame_has_the_shortest_head (gconstpointer data)
{
  const Case *test = data;
  g_autoptr (GByteArray) frame = g_byte_array_new ();
  g_autofree guint8 *payload = g_malloc (test->length + 1);

  g_test_summary ("A frame is final, unmasked, and has the shortest form of its length");

  memset (payload, 'x', test->length);
  channels_frame_append (frame, CHANNELS_FRAME_TEXT, payload, test->length);

  g_assert_cmpmem (frame->data, test->head_size, test->head, test->head_size);
  g_assert_cmpmem (frame->data + test->head_size, frame->len - test->head_size, payload,
                   test->length);
}

static void
test_frames_are_joined (void)
{
  static const guint8 expected[] = { 0x82, 2, 'h', 'i', 0x89, 0, 0x81, 3 };
  g_autoptr (GByteArray) frames = g_byte_array_new ();

  g_test_summary ("Frames are appended to what is there, heads without their payload too");

  channels_frame_append (frames, CHANNELS_FRAME_BINARY, "hi", 2);
  channels_frame_append (frames, CHANNELS_FRAME_PING, NULL, 0);
  channels_frame_append_head (frames, CHANNELS_FRAME_TEXT, 3);

  g_assert_cmpmem (frames->data, frames->len, expected, sizeof expected);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_test_add_data_func (cases[i].path, &cases[i], test_frame_has_the_shortest_head);
  g_test_add_func ("/frame/joined", test_frames_are_joined);

  return g_test_run ();
}
