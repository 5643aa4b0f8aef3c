"""The business questions of the built-in domains, each with the query over gold that answers it and what it cites."""

from oreflow.contract import Question

HR = (
    Question(
        text="Which departments have the highest attrition rates?",
        sql="SELECT Department, round(100.0 * avg(CAST(lower(CAST(Attrition AS VARCHAR)) IN ('yes', 'true') AS"
        " INT)), 1) AS attrition_percent, count(*) AS employees FROM gold WHERE Attrition IS NOT NULL"
        " GROUP BY Department ORDER BY attrition_percent DESC, Department",
        cites=("Department", "Attrition"),
    ),
    Question(
        text="How does overtime affect job satisfaction and attrition?",
        sql="SELECT OverTime, round(avg(JobSatisfaction), 2) AS mean_satisfaction, round(100.0 * avg(CAST("
        "lower(CAST(Attrition AS VARCHAR)) IN ('yes', 'true') AS INT)), 1) AS attrition_percent, count(*) AS"
        " employees FROM gold WHERE OverTime IS NOT NULL GROUP BY OverTime ORDER BY attrition_percent DESC",
        cites=("OverTime", "JobSatisfaction", "Attrition"),
    ),
    Question(
        text="What is the salary distribution across job roles?",
        sql="SELECT JobRole, min(MonthlyIncome) AS lowest, median(MonthlyIncome) AS median, max(MonthlyIncome) AS"
        " highest, count(MonthlyIncome) AS employees FROM gold WHERE JobRole IS NOT NULL GROUP BY JobRole"
        " ORDER BY median DESC, JobRole",
        cites=("JobRole", "MonthlyIncome"),
    ),
    Question(
        text="Which employees who are still here are at the highest flight risk?",
        sql="SELECT EmployeeID, flight_risk_score, JobRole, YearsAtCompany FROM gold WHERE flight_risk_score IS NOT"
        " NULL AND lower(CAST(Attrition AS VARCHAR)) IN ('no', 'false')"
        " ORDER BY flight_risk_score DESC, EmployeeID LIMIT 10",
        cites=("EmployeeID", "flight_risk_score", "Attrition", "JobRole", "YearsAtCompany"),
    ),
    Question(
        text="How do tenure and attrition go together?",
        sql="SELECT CASE WHEN YearsAtCompany < 2 THEN 'under 2 years' WHEN YearsAtCompany < 5 THEN '2 to 4 years'"
        " WHEN YearsAtCompany < 10 THEN '5 to 9 years' ELSE '10 years and more' END AS tenure, round(100.0 * avg("
        "CAST(lower(CAST(Attrition AS VARCHAR)) IN ('yes', 'true') AS INT)), 1) AS attrition_percent, count(*) AS"
        " employees FROM gold WHERE YearsAtCompany IS NOT NULL AND Attrition IS NOT NULL"
        " GROUP BY tenure ORDER BY min(YearsAtCompany)",
        cites=("YearsAtCompany", "Attrition"),
    ),
)

SALES = (
    Question(
        text="What is the open pipeline worth, stage by stage?",
        sql="SELECT Stage, count(*) AS deals, round(sum(Amount), 2) AS amount, round(sum(Amount *"
        " Probability / 100), 2) AS weighted_amount FROM gold WHERE Stage NOT IN ('Won', 'Lost') GROUP BY Stage"
        " ORDER BY min(Probability), Stage",
        cites=("Stage", "Amount", "Probability"),
    ),
    Question(
        text="Which open deals are at risk of slipping?",
        sql="SELECT DealID, AccountName, Amount, DaysInStage FROM gold WHERE Stage NOT IN ('Won', 'Lost') AND"
        " DaysInStage >= 60 ORDER BY Amount DESC NULLS LAST, DealID LIMIT 10",
        cites=("DealID", "AccountName", "Amount", "DaysInStage", "Stage"),
    ),
    Question(
        text="What is the average deal velocity by region?",
        sql="SELECT Region, round(avg(DaysInStage), 1) AS mean_days_in_stage, count(*) AS deals FROM gold WHERE"
        " Region IS NOT NULL GROUP BY Region ORDER BY mean_days_in_stage, Region",
        cites=("Region", "DaysInStage"),
    ),
    Question(
        text="Which reps won the most revenue?",
        sql="SELECT Rep, round(sum(Amount), 2) AS won_amount, count(*) AS won_deals FROM gold WHERE Stage = 'Won'"
        " AND Rep IS NOT NULL GROUP BY Rep ORDER BY won_amount DESC NULLS LAST, Rep LIMIT 10",
        cites=("Rep", "Amount", "Stage"),
    ),
    Question(
        text="What is the conversion rate by lead source?",
        sql="SELECT LeadSource, round(100.0 * avg(CAST(Stage = 'Won' AS INT)), 1) AS won_percent, count(*) AS"
        " closed_deals FROM gold WHERE Stage IN ('Won', 'Lost') AND LeadSource IS NOT NULL GROUP BY LeadSource"
        " ORDER BY won_percent DESC, LeadSource",
        cites=("LeadSource", "Stage"),
    ),
)

PROJECTS = (
    Question(
        text="Which projects are at risk of missing deadlines?",
        sql="SELECT ProjectName, round(avg(schedule_risk_score), 3) AS mean_schedule_risk, count(*) AS open_tasks"
        " FROM gold WHERE Status NOT IN ('Completed', 'Cancelled') AND ProjectName IS NOT NULL GROUP BY ProjectName"
        " ORDER BY mean_schedule_risk DESC NULLS LAST, ProjectName LIMIT 10",
        cites=("ProjectName", "schedule_risk_score", "Status"),
    ),
    Question(
        text="Who has booked the most hours against plan?",
        sql="SELECT Assignee, round(sum(ActualHours), 1) AS booked_hours, round(100.0 * sum(ActualHours) /"
        " sum(EstimatedHours), 1) AS percent_of_plan FROM gold WHERE Assignee IS NOT NULL AND Status = 'Completed'"
        " AND ActualHours IS NOT NULL AND EstimatedHours > 0"
        " GROUP BY Assignee ORDER BY percent_of_plan DESC, Assignee LIMIT 10",
        cites=("Assignee", "ActualHours", "EstimatedHours", "Status"),
    ),
    Question(
        text="How much work is left in each milestone?",
        sql="SELECT Milestone, round(sum(EstimatedHours * (100 - CompletionPct) / 100.0), 1) AS hours_left,"
        " count(*) AS open_tasks FROM gold WHERE Status NOT IN ('Completed', 'Cancelled') AND Milestone IS NOT NULL"
        " GROUP BY Milestone ORDER BY hours_left DESC NULLS LAST, Milestone",
        cites=("Milestone", "EstimatedHours", "CompletionPct", "Status"),
    ),
    Question(
        text="Which tasks are blocking the most other open tasks?",
        sql="SELECT trim(blocker) AS task, count(*) AS waiting_tasks FROM (SELECT unnest(string_split(Dependencies,"
        " ',')) AS blocker FROM gold WHERE Status NOT IN ('Completed', 'Cancelled')) AS waits"
        " GROUP BY task ORDER BY waiting_tasks DESC, task LIMIT 10",
        cites=("Dependencies", "Status"),
    ),
    Question(
        text="What share of the tasks is completed, by priority?",
        sql="SELECT Priority, round(100.0 * avg(CAST(Status = 'Completed' AS INT)), 1) AS completed_percent,"
        " count(*) AS tasks FROM gold WHERE Status IS NOT NULL AND Priority IS NOT NULL GROUP BY Priority"
        " ORDER BY completed_percent DESC, Priority",
        cites=("Priority", "Status"),
    ),
)

IT_OPS = (
    Question(
        text="What is our SLA compliance rate, month by month?",
        sql="SELECT strftime(CreatedDate, '%Y-%m') AS month, round(100.0 * avg(CAST(date_diff('minute',"
        " CreatedDate, ResolvedDate) <= SLATarget * 60 AS INT)), 1) AS compliant_percent, count(*) AS"
        " resolved_tickets FROM gold WHERE ResolvedDate IS NOT NULL AND SLATarget IS NOT NULL AND CreatedDate IS"
        " NOT NULL GROUP BY month ORDER BY month DESC LIMIT 12",
        cites=("CreatedDate", "ResolvedDate", "SLATarget"),
    ),
    Question(
        text="Which systems have the most incidents?",
        sql="SELECT AffectedSystem, count(*) AS tickets FROM gold WHERE AffectedSystem IS NOT NULL"
        " GROUP BY AffectedSystem ORDER BY tickets DESC, AffectedSystem LIMIT 10",
        cites=("AffectedSystem",),
    ),
    Question(
        text="What is the trend of the mean time to resolution?",
        sql="SELECT strftime(CreatedDate, '%Y-%m') AS month, round(avg(date_diff('minute', CreatedDate,"
        " ResolvedDate)) / 60.0, 1) AS mean_hours, count(*) AS resolved_tickets FROM gold WHERE ResolvedDate IS NOT"
        " NULL AND CreatedDate IS NOT NULL GROUP BY month ORDER BY month DESC LIMIT 12",
        cites=("CreatedDate", "ResolvedDate"),
    ),
    Question(
        text="How many tickets are breaching SLA, by priority?",
        sql="SELECT Priority, count(*) FILTER (WHERE date_diff('minute', CreatedDate, ResolvedDate) > SLATarget *"
        " 60) AS breached, count(*) AS resolved_tickets FROM gold WHERE Priority IS NOT NULL AND"
        " SLATarget IS NOT NULL AND date_diff('minute', CreatedDate, ResolvedDate) IS NOT NULL"
        " GROUP BY Priority ORDER BY Priority",
        cites=("Priority", "CreatedDate", "ResolvedDate", "SLATarget"),
    ),
    Question(
        text="How are tickets most commonly resolved?",
        sql="SELECT ResolutionType, count(*) AS tickets, round(100.0 * count(*) / sum(count(*)) OVER (), 1) AS"
        " percent FROM gold WHERE ResolutionType IS NOT NULL GROUP BY ResolutionType ORDER BY tickets DESC,"
        " ResolutionType",
        cites=("ResolutionType",),
    ),
)
