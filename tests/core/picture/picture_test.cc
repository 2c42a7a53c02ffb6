#include "core/picture/picture.h"

#include <gtest/gtest.h>

#include <algorithm>
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

std::string Letter(char letter) {
  Picture picture(6, 9);
  picture.Write(0, 0, std::string(1, letter), 1, kRed);
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

TEST(PictureText, DrawsLettersOneBesideTheOther) {
  Picture picture(11, 7);
  picture.Write(0, 0, "L7", 1, kRed);
  EXPECT_EQ(Drawn(picture),
            "#.....#####\n"
            "#.........#\n"
            "#........#.\n"
            "#.......#..\n"
            "#......#...\n"
            "#......#...\n"
            "#####..#...\n");
  EXPECT_EQ(Picture::TextWidth("L7", 1), 11);
  EXPECT_EQ(Picture::TextWidth("L7", 3), 33);
  EXPECT_EQ(Picture::TextHeight(3), 21);
}

TEST(PictureText, HasAllLettersThatItPromisesEachOneDifferent) {
  std::string letters = ".,:-+=_/()%";
  for (char c = 'a'; c <= 'z'; ++c) letters += c;
  for (char c = 'A'; c <= 'Z'; ++c) letters += c;
  for (char c = '0'; c <= '9'; ++c) letters += c;
  std::set<std::string> shapes;
  for (const char letter : letters) shapes.insert(Letter(letter));
  EXPECT_EQ(shapes.size(), letters.size());
  EXPECT_EQ(shapes.count(Letter(' ')), 0u);
}

TEST(PictureText, LeavesOtherLettersBlank) {
  for (const char letter : {' ', '#', '\n', '\0', static_cast<char>(0xe4)}) {
    EXPECT_EQ(Letter(letter), Drawn(Picture(6, 9))) << static_cast<int>(letter);
  }
}

TEST(PictureText, IsClipped) {
  Picture picture(3, 3);
  picture.Write(-2, -3, "H", 1, kRed);  // its right foot and the bar
  EXPECT_EQ(Drawn(picture), "###\n..#\n..#\n");
}

}  // namespace
}  // namespace sgpsam
