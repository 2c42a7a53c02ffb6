#include "server/program/flags.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <vector>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"

#ifndef SGPSAM_VERSION
#error "SGPSAM_VERSION is defined by the build"
#endif

namespace sgpsam {
namespace {

using Flags = std::map<std::string, absl::CommandLineFlag*>;  // by name, in the alphabet's order

constexpr absl::string_view kFlagFile = "flagfile", kHelp = "help", kVersion = "version";

Flags FlagsOf(const Program& program) {
  Flags flags;
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    if (absl::EndsWith(flag->Filename(), program.flags_file)) flags.emplace(name, flag);
  }
  return flags;
}

std::string Variable(const Program& program, absl::string_view flag) {
  return absl::StrCat(program.environment, absl::AsciiStrToUpper(flag));
}

// `source` is how the user wrote the flag: "--model", "SGPSAM_MODEL".
absl::Status Set(absl::CommandLineFlag& flag, absl::string_view source, const std::string& value) {
  std::string error;
  if (flag.ParseFrom(value, &error)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(source, " cannot be read: ", error));
}

absl::Status SetFromEnvironment(const Program& program, const Flags& flags) {
  if (program.environment.empty()) return absl::OkStatus();
  std::map<std::string, absl::CommandLineFlag*> by_variable;
  for (const auto& [name, flag] : flags) by_variable.emplace(Variable(program, name), flag);
  std::vector<std::string> unknown;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const absl::string_view text = *entry;
    const std::string name(text.substr(0, text.find('=')));
    if (!absl::StartsWith(name, program.environment)) continue;
    if (!program.other_environment.empty() && absl::StartsWith(name, program.other_environment)) continue;
    const auto found = by_variable.find(name);
    if (found == by_variable.end()) {
      unknown.push_back(name);
    } else {
      RETURN_IF_ERROR(Set(*found->second, name, std::string(absl::StripPrefix(text, name + "="))));
    }
  }
  if (unknown.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "no flag belongs to ", absl::StrJoin(unknown, ", "),
      " in the environment; unset it, or correct its name (a pod gets such variables for services "
      "called sgpsam unless it says enableServiceLinks: false)"));
}

// "--name=value" or "--name" and the argument after it; "-" stands for "--".
struct Argument {
  std::string name;
  std::optional<std::string> value;
};

absl::StatusOr<Argument> ParseArgument(absl::string_view text) {
  absl::string_view rest = text;
  if (!absl::ConsumePrefix(&rest, "--") && !absl::ConsumePrefix(&rest, "-")) rest = "";
  if (rest.empty()) {
    return absl::InvalidArgumentError("only flags are understood, as --name=value; a word stands alone");
  }
  const size_t equals = rest.find('=');
  Argument argument{std::string(rest.substr(0, equals)), std::nullopt};
  if (equals != absl::string_view::npos) argument.value = std::string(rest.substr(equals + 1));
  return argument;
}

absl::StatusOr<std::vector<std::string>> ReadFlagFile(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> arguments;
  for (std::string line; std::getline(file, line);) {
    const absl::string_view text = absl::StripAsciiWhitespace(line);
    if (text.empty() || text[0] == '#') continue;
    ASSIGN_OR_RETURN(const Argument argument, ParseArgument(text));
    if (!argument.value || argument.name == kFlagFile) {
      return absl::InvalidArgumentError(
          absl::StrCat("--flagfile: a line for '", argument.name, "' is not of the form --name=value"));
    }
    arguments.emplace_back(text);
  }
  if (file.eof()) return arguments;
  return absl::InvalidArgumentError("--flagfile names a file that cannot be read");
}

absl::Status SetFromArguments(const Flags& flags, absl::Span<const std::string> arguments,
                              std::map<std::string, std::string>& asked) {
  for (size_t n = 0; n < arguments.size(); ++n) {
    ASSIGN_OR_RETURN(Argument argument, ParseArgument(arguments[n]));
    if (argument.name == kHelp || argument.name == kVersion) {
      asked[argument.name] = argument.value.value_or("");
      continue;
    }
    const auto found = flags.find(argument.name);
    if (found == flags.end() && argument.name != kFlagFile) {
      return absl::InvalidArgumentError(absl::StrCat("there is no flag --", argument.name));
    }
    if (!argument.value) {
      if (n + 1 == arguments.size()) {
        return absl::InvalidArgumentError(absl::StrCat("--", argument.name, " needs a value"));
      }
      argument.value = arguments[++n];
    }
    if (argument.name == kFlagFile) {
      ASSIGN_OR_RETURN(const std::vector<std::string> lines, ReadFlagFile(*argument.value));
      RETURN_IF_ERROR(SetFromArguments(flags, lines, asked));
    } else {
      RETURN_IF_ERROR(Set(*found->second, absl::StrCat("--", argument.name), *argument.value));
    }
  }
  return absl::OkStatus();
}

std::string HelpText(const Program& program, const Flags& flags) {
  std::string text = absl::StrCat(program.name, " ", SoftwareVersion(), ": ", program.summary, "\n\n");
  absl::StrAppend(&text, "Flags, with their defaults:\n\n");
  for (const auto& [name, flag] : flags) {
    absl::StrAppend(&text, "  --", name, "=", flag->DefaultValue(), "\n      ", flag->Help(), "\n");
  }
  absl::StrAppend(&text, "\n  --flagfile=FILE\n      Reads flags from FILE, one --name=value a line.\n",
                  "  --help, --version\n");
  if (!program.environment.empty()) {
    absl::StrAppend(&text, "\nEvery flag may also be set in the environment, as ",
                    Variable(program, flags.begin()->first), " sets --", flags.begin()->first,
                    "; the command line wins.\n");
  }
  return text;
}

std::string MarkdownTable(const Flags& flags) {
  std::string text = "| flag | default | meaning |\n| --- | --- | --- |\n";
  for (const auto& [name, flag] : flags) {
    const std::string value = flag->DefaultValue();
    absl::StrAppend(&text, "| `--", name, "` | ", value.empty() ? "" : absl::StrCat("`", value, "`"), " | ",
                    absl::StrReplaceAll(flag->Help(), {{"|", "\\|"}}), " |\n");
  }
  return text;
}

}  // namespace

absl::string_view SoftwareVersion() { return SGPSAM_VERSION; }

absl::StatusOr<std::string> ReadFlags(const Program& program, absl::Span<const std::string> arguments) {
  const Flags flags = FlagsOf(program);
  // Looked at before the environment: who asks for help may have got a variable wrong.
  std::map<std::string, std::string> asked;
  const absl::Status understood = SetFromArguments(flags, arguments, asked);
  if (asked.count(std::string(kVersion)) != 0)
    return absl::StrCat(program.name, " ", SoftwareVersion(), "\n");
  const auto help = asked.find(std::string(kHelp));
  if (help != asked.end()) {
    if (help->second == "markdown") return MarkdownTable(flags);
    if (help->second.empty()) return HelpText(program, flags);
    return absl::InvalidArgumentError("--help is given alone or as --help=markdown");
  }
  RETURN_IF_ERROR(understood);
  RETURN_IF_ERROR(SetFromEnvironment(program, flags));
  RETURN_IF_ERROR(SetFromArguments(flags, arguments, asked));  // again: they win
  return "";
}

std::optional<int> EndsWithFlags(const Program& program, int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const absl::StatusOr<std::string> answer = ReadFlags(program, arguments);
  if (!answer.ok()) return ReportUsageError(program, answer.status());
  if (answer->empty()) return std::nullopt;
  const bool printed = std::fputs(answer->c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  return printed ? 0 : 1;
}

int ReportUsageError(const Program& program, const absl::Status& mistake) {
  std::fprintf(stderr, "%s: %s; see %s --help\n", program.name.c_str(),
               std::string(mistake.message()).c_str(), program.name.c_str());
  return kUsageError;
}

}  // namespace sgpsam
