/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-event.h"

#include <string.h>

#define DEPTH 32
#define KEY "notification"

static void
assert_extra (ChannelsEvent *event, const char *expected)
{
  g_autoptr (GVariant) value = channels_event_lookup_extra (event, KEY);
  g_autofree char *printed = value != NULL ? g_variant_print (value, FALSE) : NULL;

  g_assert_cmpstr (printed, ==, expected);
}

static void
test_event_extra_of_a_dictionary (void)
{
  g_autoptr (ChannelsEvent) with = channels_event_new_from_variant (
      g_variant_new_parsed ("{'type': <'x'>, 'notification': <{'title': 'a'}>}"), DEPTH, NULL);
  g_autoptr (ChannelsEvent) without =
      channels_event_new_from_variant (g_variant_new_parsed ("{'type': <'x'>}"), DEPTH, NULL);

  g_test_summary ("A member of an event from the bus is found, if it is there");

  assert_extra (with, "{'title': 'a'}");
  assert_extra (without, NULL);
}

static void
test_event_extra_of_json (void)
{
  static const char text[] = "{\"type\": \"chat_message\", \"notification\": 7}";
  g_autoptr (ChannelsEvent) event = channels_event_new_from_json (text, strlen (text), DEPTH, NULL);

  g_test_summary ("A member of an event in JSON is found");

  assert_extra (event, "7");
}

static void
test_event_extra_of_a_chat (void)
{
  static const char message[] = "{\"notification\": {\"title\": \"a\"}}";
  g_autoptr (ChannelsEvent) event = channels_event_new_chat (message, strlen (message));

  g_test_summary ("What a browser sends is a message, whatever it has within");

  assert_extra (event, NULL);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/event/extra/dictionary", test_event_extra_of_a_dictionary);
  g_test_add_func ("/event/extra/json", test_event_extra_of_json);
  g_test_add_func ("/event/extra/chat", test_event_extra_of_a_chat);

  return g_test_run ();
}
