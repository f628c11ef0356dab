/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

[DBus (name = "org.example.Channels")]
interface Channels : DBusProxy {
  public signal void event_received (string group, HashTable<string, Variant> event);

  public abstract void subscribe (string group) throws Error;
  public abstract void send_to_group (string group, string message, out uint receivers,
                                      out uint remotes) throws Error;
}

int main () {
  uint receivers, remotes;

  Intl.setlocale ();
  try {
    Channels channels = Bus.get_proxy_sync (BusType.SESSION, "org.example.Channels",
                                            "/org/example/Channels");

    channels.event_received.connect ((group, event) => {
      unowned Variant? message = event["message"];
      if (message != null && message.is_of_type (VariantType.STRING))
        print ("%s\n", message.get_string ());
    });
    channels.subscribe ("chat_chat_room");
    channels.send_to_group ("chat_chat_room", "hello from Vala", out receivers, out remotes);
    new MainLoop ().run ();
  } catch (Error error) {
    printerr ("%s\n", error.message);
  }
  return 1;
}
