"""Names and places for demo people: made up, in the ways of Vietnam."""

from random import Random

FAMILY = (
    "Nguyễn",
    "Trần",
    "Lê",
    "Phạm",
    "Hoàng",
    "Huỳnh",
    "Phan",
    "Vũ",
    "Võ",
    "Đặng",
    "Bùi",
    "Đỗ",
    "Hồ",
    "Ngô",
    "Dương",
    "Lý",
)
MIDDLE = ("Thị", "Văn", "Hữu", "Minh", "Thanh", "Ngọc", "Quốc", "Thu", "Đức", "Hoài", "Kim", "Xuân")
GIVEN = (
    "An", "Bình", "Châu", "Dũng", "Giang", "Hà", "Hải", "Hạnh", "Hiếu", "Hoa", "Hùng", "Hương", "Khánh", "Lan", "Linh",
    "Long", "Mai", "Nam", "Nga", "Nhung", "Phúc", "Phương", "Quân", "Quỳnh", "Sơn", "Tâm", "Thảo", "Thương", "Trang",
    "Tú", "Tuấn", "Uyên", "Vân", "Vy", "Yến",
)  # fmt: skip
HOUSES = ("Khách sạn", "Nhà nghỉ", "Homestay", "Căn hộ", "Biệt thự", "Khu nghỉ dưỡng")
SIGHTS = (
    "Sông Hàn",
    "Biển Xanh",
    "Mỹ Khê",
    "Ngũ Hành Sơn",
    "Bà Nà",
    "Sơn Trà",
    "Cầu Rồng",
    "Hội An",
    "Hải Vân",
    "Non Nước",
)
STREETS = ("Bạch Đằng", "Võ Nguyên Giáp", "Lê Duẩn", "Trần Phú", "Nguyễn Văn Linh", "Hoàng Diệu", "Phan Châu Trinh")


def person(random: Random) -> str:
    """A full name: family, middle, given."""
    return " ".join((random.choice(FAMILY), random.choice(MIDDLE), random.choice(GIVEN)))


def house(random: Random) -> str:
    """A place to stay."""
    return f"{random.choice(HOUSES)} {random.choice(SIGHTS)}"


def street(random: Random) -> str:
    """An address in Da Nang."""
    return f"{random.randint(1, 400)} {random.choice(STREETS)}, Đà Nẵng"


def phone(random: Random) -> str:
    """A mobile number in E.164."""
    return f"+8490{random.randint(1_000_000, 9_999_999)}"
