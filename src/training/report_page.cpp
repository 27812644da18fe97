// SPDX-License-Identifier: BSD-3-Clause
#include "training/report_page.hpp"

#include <algorithm>
#include <cmath>

#include "training/markup.hpp"
#include "training/report_style.hpp"
#include "xtape/core/version.hpp"

namespace xtape::training {
namespace {

// So many decimals that a standard error shows two digits.
int decimals_of(double standard_error, int least) {
  if (!(standard_error > 0) || std::isinf(standard_error)) return least;
  return std::clamp(1 - static_cast<int>(std::floor(std::log10(standard_error))), least, 6);
}

void add_section(std::string& html, const Section& section, bool is_wide) {
  append(html, "<section id=\"{}\" class=\"{}{}\" aria-labelledby=\"{}-heading\">\n{}</section>\n",
         section.id, is_wide ? "wide" : "half", section.is_long ? " long" : "", section.id, section.markup);
}

void add_in_columns(std::string& html, const std::vector<Section>& sections) {
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const bool has_neighbour = i + 1 < sections.size() && !sections[i + 1].is_wide;
    if (sections[i].is_wide || !has_neighbour) {  // one that is alone takes both columns
      add_section(html, sections[i], true);
    } else {
      add_section(html, sections[i], false);
      add_section(html, sections[++i], false);
    }
  }
}

}  // namespace

std::string heading(const std::string& id, const std::string& text, const std::string& note) {
  std::string markup = fmt::format("<h2 id=\"{}-heading\">{}</h2>\n", id, text);
  if (!note.empty()) append(markup, "<p class=\"note\">{}</p>\n", note);
  return markup;
}

void KeyFigures::add(const char* name, const std::string& value, const std::string& detail) {
  append(figures_, "<div><dt>{}</dt><dd>{}<small>{}</small></dd></div>\n", name, value, detail);
}

void KeyFigures::add_fraction(const char* name, const metrics::Estimate& fraction) {
  const int decimals = std::min(decimals_of(100 * fraction.standard_error, 1), 3);
  add(name, percent(fraction.value, decimals), "± " + percent(fraction.standard_error, decimals));
}

void KeyFigures::add_number(const char* name, const metrics::Estimate& figure) {
  const int decimals = decimals_of(figure.standard_error, 3);
  add(name, number(figure.value, decimals), "± " + number(figure.standard_error, decimals));
}

void KeyFigures::add_amount(const char* name, const metrics::Estimate& amount) {
  const double size = std::abs(amount.value);
  if (!(size >= 1e-3 && size < 1e6)) {
    add(name, significant(amount.value), "± " + significant(amount.standard_error));
    return;
  }
  const int decimals =
      decimals_of(amount.standard_error, std::clamp(3 - static_cast<int>(std::log10(size)), 0, 6));
  add(name, number(amount.value, decimals), "± " + number(amount.standard_error, decimals));
}

std::string html_of(const Page& page) {
  const std::string title = escaped(page.title);
  std::string html;
  append(
      html,
      "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n<meta "
      "charset=\"utf-8\"/>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<meta "
      "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<header>\n<h1>{}</h1>\n<p "
      "class=\"subtitle\">{}</p>\n{}{}</header>\n<main>\n",
      title, report_style, title, page.subtitle, page.notes, page.figures);
  add_in_columns(html, page.sections);
  for (const Section& section : page.at_the_end) add_section(html, section, true);
  append(html, "</main>\n<footer>Written by xtape {}.{}.{}</footer>\n</body>\n</html>\n", version().major,
         version().minor, version().patch);
  return html;
}

}  // namespace xtape::training
