/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-text-frame.h"

#include "ws-client.h"

#include <string.h>

static const gsize sizes[] = { 0, 1, 3, 4, 7, 8, 9, 125, 126, 127, 65535, 65536, 100000 };

static void
test_text_frame_is_read (void)
{
  g_test_summary ("A whole frame is measured and unmasked, whatever its length and its neighbours");

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GByteArray) bytes = g_byte_array_new ();
      g_autofree char *text = g_strnfill (sizes[i], 'a' + i);
      g_autoptr (GBytes) message = NULL;
      gsize size;

      ws_client_append_frame (bytes, WS_TEXT, text, sizes[i]);
      size = bytes->len;
      ws_client_append_frame (bytes, WS_TEXT, "next", 4);

      g_assert_cmpuint (channels_text_frame_measure (bytes->data, bytes->len), ==, size);
      message = channels_text_frame_read (bytes->data, size);
      g_assert_cmpmem (g_bytes_get_data (message, NULL), g_bytes_get_size (message), text,
                       sizes[i]);
    }
}

static void
test_text_frame_in_part (void)
{
  g_test_summary ("A frame is measured as soon as its head is there, and not a byte before");

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GByteArray) bytes = g_byte_array_new ();
      g_autofree char *text = g_strnfill (sizes[i], 'x');

      gsize head;

      ws_client_append_frame (bytes, WS_TEXT, text, sizes[i]);
      head = bytes->len - sizes[i];
      for (gsize length = 0; length < head; length++)
        g_assert_cmpuint (channels_text_frame_measure (bytes->data, length), ==, 0);
      g_assert_cmpuint (channels_text_frame_measure (bytes->data, head), ==, bytes->len);
    }
}

static void
test_text_frame_is_another (void)
{
  static const guint8 others[][8] = {
    { 0x01, 0x81, 1, 2, 3, 4, 'x' },        /* not the last */
    { 0x80, 0x81, 1, 2, 3, 4, 'x' },        /* continues another */
    { 0x82, 0x81, 1, 2, 3, 4, 'x' },        /* binary */
    { 0x88, 0x82, 1, 2, 3, 4, 3, 0xe8 },    /* close */
    { 0x89, 0x81, 1, 2, 3, 4, 'x' },        /* ping */
    { 0xc1, 0x81, 1, 2, 3, 4, 'x' },        /* a reserved bit */
    { 0x81, 0x01, 'x', 0, 0, 0, 0 },        /* not masked */
    { 0x81, 0xff, 0xff, 0xff, 0xff, 0xff }, /* as long as can be said, and cut */
  };

  g_test_summary ("What is no whole text message of a browser's is left to others");

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_cmpuint (channels_text_frame_measure (others[i], sizeof others[i]), ==, 0);
}

static void
test_text_frame_of_any_length (void)
{
  guint8 frame[14 + 16] = { 0x81, 0xff };

  g_test_summary ("A length of 2^64 - 1 bytes, or a little less, is no whole frame");

  memset (frame + 2, 0xff, 8);
  g_assert_cmpuint (channels_text_frame_measure (frame, sizeof frame), ==, 0);
  frame[9] = 0xff - 14;
  g_assert_cmpuint (channels_text_frame_measure (frame, sizeof frame), ==, 0);
}

static void
test_text_frame_is_text (void)
{
  static const char *const bad[] = { "\xc3", "a\xff", "\xed\xa0\x80", "\xf4\x90\x80\x80" };
  g_autoptr (GByteArray) good = g_byte_array_new ();
  g_autoptr (GBytes) message = NULL;

  g_test_summary ("What is not UTF-8 is not read, and neither is a NUL");

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GByteArray) bytes = g_byte_array_new ();

      ws_client_append_frame (bytes, WS_TEXT, bad[i], strlen (bad[i]));
      g_assert_null (channels_text_frame_read (bytes->data, bytes->len));
    }

  ws_client_append_frame (good, WS_TEXT, "é\0", 3);
  g_assert_null (channels_text_frame_read (good->data, good->len));
  g_byte_array_set_size (good, 0);
  ws_client_append_frame (good, WS_TEXT, "é😀", strlen ("é😀"));
  message = channels_text_frame_read (good->data, good->len);
  g_assert_cmpstr (g_bytes_get_data (message, NULL), ==, "é😀");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/text-frame/read", test_text_frame_is_read);
  g_test_add_func ("/text-frame/part", test_text_frame_in_part);
  g_test_add_func ("/text-frame/another", test_text_frame_is_another);
  g_test_add_func ("/text-frame/any-length", test_text_frame_of_any_length);
  g_test_add_func ("/text-frame/utf-8", test_text_frame_is_text);

  return g_test_run ();
}
