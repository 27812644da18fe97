#!/bin/sh
# What Doxygen reads in place of a file, line for line. In a header, what stands in a namespace belongs to the group of
# the header's folder; attributes of namespaces, friends and explicit instantiations are left out. In Markdown, blocks
# of c++ are coloured like those of cpp.
case $1 in
  *.md) exec sed -e 's|^```c++$|```cpp|' "$1" ;;
  */presets.hpp) room= ;; # Its namespaces are pages of their own.
  */xtape/*/*.hpp) room=$(basename "$(dirname "$1")") ;;
  *) exec cat "$1" ;;
esac

exec awk -v room="$room" -v begin_group=" /** @addtogroup $room */ /** @{ */" -v end_group='/** @} */ ' '
  /^namespace .*\{$/ {
    gsub(/XTAPE_[A-Z_]+ |__attribute__ *\(\([^{]*\)\) |\[\[[^{]*\]\] /, "")
    before = depth && grouped[depth] ? end_group : ""
    grouped[++depth] = room != "" && $0 !~ /detail/
    print before $0 (grouped[depth] ? begin_group : "")
    next
  }
  /^}  \/\/ namespace/ {
    print (grouped[depth] ? end_group : "") "}" (--depth && grouped[depth] ? begin_group : "")
    next
  }
  /^extern template .*;$|^ +friend [^=]*;$/ { $0 = "" }
  { print }
' "$1"
