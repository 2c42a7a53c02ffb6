#include "client/picture/picture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "core/base/random.h"

namespace sgpsam {
namespace {

constexpr Rgb kRed{255, 0, 0};

// The pixels that are not black, row by row.
std::string Drawn(const Picture& picture) {
  std::string drawn;
  for (int y = 0; y < picture.height(); ++y) {
    for (int x = 0; x < picture.width(); ++x) drawn += picture.at(x, y) == Rgb{} ? '.' : '#';
    drawn += '\n';
  }
  return drawn;
}

// What a letter of 20 pixels covers.
std::string Letter(const std::string& letter) {
  Picture picture(60, 60);
  picture.Write(20, 20, letter, 20, kRed);
  return Drawn(picture);
}

TEST(Picture, BeginsBlack) { EXPECT_EQ(Drawn(Picture(3, 2)), "...\n...\n"); }

TEST(Picture, FillIsClipped) {
  Picture picture(4, 3);
  picture.Fill(-2, 1, 4, 9, kRed);
  EXPECT_EQ(Drawn(picture), "....\n##..\n##..\n");
}

TEST(Picture, BlendMixes) {
  Picture picture(1, 1);
  picture.Blend(0, 0, {200, 100, 0}, 0.25);
  EXPECT_EQ(picture.at(0, 0), (Rgb{50, 25, 0}));
}

TEST(Picture, PasteIsClipped) {
  Picture picture(3, 2), other(2, 2);
  other.Fill(0, 0, 2, 2, kRed);
  picture.Paste(other, 2, 1);
  EXPECT_EQ(Drawn(picture), "...\n..#\n");
}

TEST(Picture, HalvedPixelsAreMeansOfFour) {
  Picture picture(4, 2);
  picture.at(0, 0) = {100, 40, 0};
  picture.at(1, 1) = {100, 0, 0};
  EXPECT_EQ(picture.Halved().at(0, 0), (Rgb{50, 10, 0}));
  EXPECT_EQ(picture.Halved().at(1, 0), Rgb{});
  EXPECT_EQ(picture.Halved().width(), 2);
  EXPECT_EQ(picture.Halved().height(), 1);
}

TEST(PictureLine, HasItsWidthAndRoundEnds) {
  Picture picture(9, 5);
  picture.Line({2, 2}, {6, 2}, 3, kRed);
  EXPECT_EQ(Drawn(picture), ".........\n.#######.\n.#######.\n.#######.\n.........\n");
  Picture dot(7, 7);
  dot.Line({3, 3}, {3, 3}, 5, kRed);
  EXPECT_EQ(Drawn(dot), ".......\n..###..\n.#####.\n.#####.\n.#####.\n..###..\n.......\n");
}

// By its definition: every pixel that is not further than half the width from the line.
Picture LineByDistance(const Picture::Point& from, const Picture::Point& to, double width) {
  Picture picture(23, 17);
  const double dx = to.x - from.x, dy = to.y - from.y;
  for (int y = 0; y < picture.height(); ++y) {
    for (int x = 0; x < picture.width(); ++x) {
      const double along = ((x - from.x) * dx + (y - from.y) * dy) / (dx * dx + dy * dy);
      const double t = std::clamp(along, 0.0, 1.0);
      if (std::hypot(x - from.x - t * dx, y - from.y - t * dy) <= width / 2) picture.at(x, y) = kRed;
    }
  }
  return picture;
}

TEST(PictureLine, CoversAllThatIsNearAndIsClipped) {
  Random random(5);
  const auto anywhere = [&] {
    return Picture::Point{60 * random.Uniform() - 20, 60 * random.Uniform() - 20};
  };
  for (int round = 0; round < 200; ++round) {
    Picture::Point from = anywhere(), to = anywhere();
    if (round % 4 == 1) to.y = from.y;
    if (round % 4 == 2) to.x = from.x;
    const double width = 0.5 + 6 * random.Uniform();
    Picture picture(23, 17);
    picture.Line(from, to, width, kRed);
    EXPECT_EQ(Drawn(picture), Drawn(LineByDistance(from, to, width))) << round;
  }
}

// First and last column and row in which much is drawn.
std::array<int, 4> Extent(const Picture& picture) {
  std::array<int, 4> extent{picture.width(), -1, picture.height(), -1};
  for (int y = 0; y < picture.height(); ++y) {
    for (int x = 0; x < picture.width(); ++x) {
      if (picture.at(x, y)[0] < 128) continue;
      extent = {std::min(extent[0], x), std::max(extent[1], x), std::min(extent[2], y),
                std::max(extent[3], y)};
    }
  }
  return extent;
}

TEST(PictureText, StandsBetweenTheTopAndTheFootOfItsCapitals) {
  for (const int size : {10, 20, 33}) {
    Picture picture(200, 100);
    picture.Write(40, 30, "HH", size, kRed);
    const std::array<int, 4> extent = Extent(picture);
    EXPECT_EQ(extent[2], 30) << size;
    EXPECT_EQ(extent[3], 30 + size - 1) << size;
    EXPECT_GE(extent[0], 40);
    EXPECT_LE(extent[1], 40 + Picture::TextWidth("HH", size));
  }
  EXPECT_EQ(Picture::TextWidth("", 20), 0);
  EXPECT_GT(Picture::TextWidth("HH", 20), Picture::TextWidth("H", 20));
}

TEST(PictureText, HasTheLettersOfManyScriptsEachOneDifferent) {
  std::set<std::string> shapes;
  const std::vector<std::string> letters = {"a",      "A",      "1",      "%",      "-",
                                            "\u00e4", "\u00df", "\u0142", "\u03b1", "\u0436",
                                            "\u05d0", "\u0639", "\u00b2", "\u2212"};
  for (const std::string& letter : letters) shapes.insert(Letter(letter));
  EXPECT_EQ(shapes.size(), letters.size());
  EXPECT_EQ(shapes.count(Letter(" ")), 0u);
}

TEST(PictureText, ShowsThatALetterIsMissing) {
  EXPECT_NE(Letter("\u75c5"), Letter(" "));
  EXPECT_EQ(Letter("\u75c5"), Letter("\u53d8"));  // the same box
}

TEST(PictureText, TakesBytesThatAreNoText) {
  const std::string replacement = Letter("\ufffd");
  EXPECT_NE(replacement, Letter(" "));
  for (const std::string& bytes : {std::string("\xff"), std::string("\xc0"), std::string("\xe4")}) {
    EXPECT_EQ(Letter(bytes), replacement);
  }
  EXPECT_EQ(Picture::TextWidth("\xe2\x88", 20), Picture::TextWidth("\ufffd\ufffd", 20));
}

TEST(PictureText, IsClipped) {
  Picture picture(3, 3);
  picture.Write(-5, -5, "H", 20, kRed);
  picture.Write(2, 2, "H", 20, kRed);
  EXPECT_EQ(picture.width(), 3);
}

}  // namespace
}  // namespace sgpsam
